import { jobDuration, newsKey, type RunEvent, statusLook } from '@xx-pipeline/client';
import { type JobEvent, type JobExecution, type LogChunk, unreachable } from '@xx-pipeline/common';
import type { CommandIo } from '../io/CommandIo.ts';
import { visible } from './ansi.ts';
import { renderClosing, renderHints } from './closing-text.ts';
import { displayWidth, padTo, truncate } from './display-width.ts';
import { visibleFailure, visibleNotes } from './job-text.ts';
import { LineAssembler, withoutLeadingLineEnd } from './LineAssembler.ts';
import { type LinePrefix, linePrefix, prefixLines } from './log-lines.ts';
import { printNote } from './print-note.ts';
import type { RunRenderer } from './RunRenderer.ts';
import { RunView } from './RunView.ts';
import { runTitle } from './run-title.ts';
import { type Paint, paint } from './style.ts';

const jobColors: readonly Paint[] = [
  'cyan',
  'magenta',
  'blue',
  'yellow',
  'green',
  'cyanBright',
  'magentaBright',
  'blueBright',
];
const widestPadding = 24;
const widestName = 60;

interface JobLines {
  /** Name, colored and padded. */
  readonly label: string;
  readonly prefix: LinePrefix;
  readonly streams: Record<'stdout' | 'stderr' | 'runner', LineAssembler>;
}

/** A run as lines, for files, pipes and CI: `job │ text`. Printed lines never change. */
export class PlainRenderer implements RunRenderer {
  readonly #io: Pick<CommandIo, 'stdout' | 'stderr'>;
  readonly #view = new RunView();
  readonly #jobs = new Map<string, JobLines>();
  /** The key of the last news printed of each job, so that none is printed twice. */
  readonly #printed = new Map<string, string>();
  /** The stream holds back output of the current event. */
  #full = false;

  constructor(io: Pick<CommandIo, 'stdout' | 'stderr'>) {
    this.#io = io;
  }

  event(event: RunEvent): void | Promise<void> {
    this.#full = false;
    this.#view.apply(event);
    this.#show(event);
    return this.#full ? this.#io.stdout.drained() : undefined;
  }

  close(): void {
    for (const job of this.#jobs.values()) {
      this.#flush(job);
    }
  }

  #show(event: RunEvent): void {
    switch (event.type) {
      case 'run-started':
        this.#prepareLabels(event.execution.jobs);
        this.#print(`${paint(this.#io.stdout, 'bold', runTitle(event.execution, event.plan))}\n`);
        return;
      case 'job-changed':
        this.#jobChanged(event.job);
        return;
      case 'job-event': {
        const job = this.#jobs.get(event.jobId);
        if (job !== undefined) {
          this.#jobEvent(job, event.event);
        }
        return;
      }
      case 'notice':
        printNote(this.#io.stderr, event.message);
        return;
      case 'run-finished':
        for (const job of event.execution.jobs) {
          this.#jobChanged(job);
        }
        this.#print(renderClosing(event.report, this.#view, { color: this.#io.stdout.color, columns: 1000 }));
        this.#io.stderr.write(renderHints(event.report, this.#view.directory, this.#io.stderr));
        return;
      default:
        unreachable(event);
    }
  }

  #prepareLabels(jobs: readonly JobExecution[]): void {
    const names = jobs.map((job) => truncate(visible(job.name), widestName));
    const width = Math.min(widestPadding, Math.max(0, ...names.map(displayWidth)));
    for (const [index, job] of jobs.entries()) {
      const label = paint(
        this.#io.stdout,
        jobColors[index % jobColors.length] ?? 'cyan',
        padTo(names[index] ?? '', width),
      );
      this.#jobs.set(job.id, {
        label,
        prefix: linePrefix(`${label} │ `),
        streams: { stdout: new LineAssembler(), stderr: new LineAssembler(), runner: new LineAssembler() },
      });
    }
  }

  #jobChanged(record: JobExecution): void {
    const job = this.#jobs.get(record.id);
    const news = newsKey(record);
    if (job === undefined || news === null || this.#printed.get(record.id) === news) {
      return;
    }
    this.#printed.set(record.id, news);
    this.#flush(job);
    const last = record.attempts.at(-1);
    if (record.status === 'PENDING' && last !== undefined) {
      this.#print(`${job.label} ↻ attempt ${last.number} failed (${visibleFailure(last)}), retrying\n`);
      return;
    }
    const look = statusLook(record.status, record.allowFailure);
    const took = jobDuration(record);
    const notes = [took === '' ? '' : `in ${took}`, ...visibleNotes(record)].filter((note) => note !== '');
    const text = `${look.word}${notes.length === 0 ? '' : ` ${notes.join(' · ')}`}`;
    this.#print(`${job.label} ${paint(this.#io.stdout, look.color, `${look.sign} ${text}`)}\n`);
  }

  /** Commands, pulls and warnings are lines of the log as well, so the log alone is printed. */
  #jobEvent(job: JobLines, event: JobEvent): void {
    if (event.type === 'log') {
      this.#log(job, event.chunk);
    } else if (event.type === 'finished') {
      this.#flush(job);
    }
  }

  #log(job: JobLines, { stream, bytes }: LogChunk): void {
    const isRunner = stream === 'runner';
    // A line of the runner ends an unfinished line of the job; in the log it then begins with a line end.
    if (isRunner) {
      this.#flush(job);
    }
    const lines = job.streams[stream].push(isRunner ? withoutLeadingLineEnd(bytes) : bytes);
    if (lines !== null) {
      this.#printLines(job, lines);
    }
  }

  #flush(job: JobLines): void {
    for (const assembler of Object.values(job.streams)) {
      const rest = assembler.flush();
      if (rest !== null) {
        this.#printLines(job, rest);
      }
    }
  }

  #printLines(job: JobLines, lines: Uint8Array): void {
    this.#print(prefixLines(lines, job.prefix, this.#io.stdout.color));
  }

  #print(data: string | Uint8Array): void {
    if (!this.#io.stdout.write(data)) {
      this.#full = true;
    }
  }
}
