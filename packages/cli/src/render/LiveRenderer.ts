import { jobDuration, newsKey, type RunEvent, statusLook } from '@xx-pipeline/client';
import { type Clock, type JobExecution, unreachable } from '@xx-pipeline/common';
import type { CommandIo } from '../io/CommandIo.ts';
import { visible } from './ansi.ts';
import { renderClosing, renderHints } from './closing-text.ts';
import { displayWidth, padTo, truncate } from './display-width.ts';
import { visibleFailure, visibleNotes } from './job-text.ts';
import { LiveRegion } from './LiveRegion.ts';
import { liveLines } from './live-lines.ts';
import type { RunRenderer } from './RunRenderer.ts';
import { RunView } from './RunView.ts';
import { runTitle } from './run-title.ts';
import { paint } from './style.ts';

const frameMs = 100;

/** A run on a terminal: finished jobs scroll up as one line each, below them is the current state. */
export class LiveRenderer implements RunRenderer {
  readonly #io: CommandIo;
  readonly #clock: Clock;
  readonly #view = new RunView();
  readonly #region: LiveRegion;
  /** The key of the last news printed of each job, so that none is printed twice. */
  readonly #printed = new Map<string, string>();
  readonly #closed = new AbortController();
  #permanent = '';
  #startedAt = 0;
  #nameWidth = 0;

  constructor(io: CommandIo, clock: Clock) {
    this.#io = io;
    this.#clock = clock;
    this.#region = new LiveRegion(io.stdout, reflows(io.env));
  }

  event(event: RunEvent): void {
    this.#view.apply(event);
    switch (event.type) {
      case 'run-started':
        this.#startedAt = this.#clock.now();
        this.#nameWidth = Math.min(
          30,
          Math.max(12, ...event.execution.jobs.map((job) => displayWidth(visible(job.name)))),
        );
        this.#permanent += `${paint(this.#io.stdout, 'bold', runTitle(event.execution, event.plan))}\n`;
        this.#frame();
        void this.#animate();
        return;
      case 'job-changed':
        this.#jobChanged(event.job);
        return;
      case 'job-event':
        if (event.event.type === 'warning') {
          const text = `! ${visible(event.jobName)}: ${visible(event.event.message)}`;
          this.#permanent += ` ${paint(this.#io.stdout, 'yellow', text)}\n`;
        }
        return;
      case 'notice':
        this.#permanent += `   note: ${visible(event.message)}\n`;
        return;
      case 'run-finished': {
        for (const job of event.execution.jobs) {
          this.#jobChanged(job);
        }
        const style = this.#io.stdout;
        this.#permanent += renderClosing(event.report, this.#view, style);
        this.#permanent += renderHints(event.report, this.#view.directory, style);
        this.close();
        return;
      }
      default:
        unreachable(event);
    }
  }

  close(): void {
    if (!this.#closed.signal.aborted) {
      this.#closed.abort();
      this.#region.draw(this.#permanent, []);
      this.#permanent = '';
    }
  }

  #jobChanged(record: JobExecution): void {
    const news = newsKey(record);
    if (news === null || this.#printed.get(record.id) === news) {
      return;
    }
    this.#printed.set(record.id, news);
    const last = record.attempts.at(-1);
    if (record.status === 'PENDING' && last !== undefined) {
      const why = `attempt ${last.number} failed (${visibleFailure(last)}), retrying`;
      this.#permanent += ` ↻ ${this.#paddedName(record)} ${jobDuration(record).padStart(7)}  ${why}\n`;
      return;
    }
    this.#permanent += this.#finishedLine(record);
  }

  #finishedLine(record: JobExecution): string {
    const look = statusLook(record.status, record.allowFailure);
    const style = this.#io.stdout;
    const word = record.status === 'SUCCESS' ? '' : look.word;
    const notes = [word, ...visibleNotes(record)].filter((note) => note !== '').join(' · ');
    const line = ` ${paint(style, look.color, look.sign)} ${this.#paddedName(record)} ${jobDuration(record).padStart(7)}  ${notes}`;
    return `${line.trimEnd()}\n`;
  }

  #paddedName(record: JobExecution): string {
    return padTo(truncate(visible(record.name), this.#nameWidth), this.#nameWidth);
  }

  async #animate(): Promise<void> {
    while (!this.#closed.signal.aborted) {
      await this.#clock.sleep(frameMs, this.#closed.signal).catch(() => {});
      if (!this.#closed.signal.aborted) {
        this.#frame();
      }
    }
  }

  #frame(): void {
    const { stdout, interrupted } = this.#io;
    const lines = liveLines(
      this.#view,
      {
        now: this.#clock.now(),
        startedAt: this.#startedAt,
        height: Math.max(2, (stdout.rows ?? 24) - 2),
        stopping: interrupted.aborted,
      },
      stdout,
    );
    this.#region.draw(this.#permanent, lines);
    this.#permanent = '';
  }
}

/** xterm, GNU screen and the Linux console cut lines when they get narrower, all others wrap them. */
function reflows(env: CommandIo['env']): boolean {
  const term = env['TERM'] ?? '';
  return !(env['XTERM_VERSION'] || term === 'linux' || (term.startsWith('screen') && !env['TMUX']));
}
