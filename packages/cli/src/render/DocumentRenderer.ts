import { jobDuration, type RunEvent, statusLook } from '@xx-pipeline/client';
import { isTerminal, type JobExecution } from '@xx-pipeline/common';
import type { CommandIo } from '../io/CommandIo.ts';
import { visible } from './ansi.ts';
import { type DataFormat, formatData } from './data-text.ts';
import { visibleNotes } from './job-text.ts';
import { printNote } from './print-note.ts';
import type { RunRenderer } from './RunRenderer.ts';
import { runTitle } from './run-title.ts';
import { paint } from './style.ts';

/** The report as one document on standard output at the end; until then a line per finished job on standard error. */
export class DocumentRenderer implements RunRenderer {
  readonly #io: Pick<CommandIo, 'stdout' | 'stderr'>;
  readonly #format: DataFormat;
  readonly #finished = new Set<string>();

  constructor(io: Pick<CommandIo, 'stdout' | 'stderr'>, format: DataFormat) {
    this.#io = io;
    this.#format = format;
  }

  async event(event: RunEvent): Promise<void> {
    const { stdout, stderr } = this.#io;
    if (event.type === 'run-started') {
      stderr.write(`${runTitle(event.execution, event.plan)}\n`);
    } else if (event.type === 'job-changed') {
      this.#jobChanged(event.job);
    } else if (event.type === 'notice') {
      printNote(stderr, event.message);
    } else if (event.type === 'run-finished') {
      stdout.write(await formatData(event.report, this.#format));
      await stdout.drained();
    }
  }

  close(): void {}

  #jobChanged(job: JobExecution): void {
    if (isTerminal(job.status) && !this.#finished.has(job.id)) {
      this.#finished.add(job.id);
      const look = statusLook(job.status, job.allowFailure);
      const facts = [look.word, jobDuration(job), ...visibleNotes(job)].filter((fact) => fact !== '').join(' · ');
      this.#io.stderr.write(`${paint(this.#io.stderr, look.color, look.sign)} ${visible(job.name)}: ${facts}\n`);
    }
  }
}
