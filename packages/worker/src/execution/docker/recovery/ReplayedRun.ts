import type { Clock } from '@xx-pipeline/common';
import type { OutputSink } from '../../JobExecutor.ts';
import { readTrailer } from '../../shell/bootstrap.ts';
import { MarkBarrier, type OutputStream } from '../../shell/MarkBarrier.ts';
import { MarkFilter } from '../../shell/MarkFilter.ts';
import type { RunRecord } from './RecoveryDirectory.ts';

/** Both output streams. */
export const streams = ['stdout', 'stderr'] as const;

/** Parts of a `ReplayedRun`. */
export interface ReplayParts {
  readonly record: RunRecord;
  readonly sink: OutputSink;
  readonly clock: Clock;
  /** So many bytes of a stream belong to this run and have been read. */
  readonly onRead: (stream: OutputStream, bytes: number) => void;
  /** The shell of the script runs. */
  readonly onBegun: () => void;
}

/** One script whose output is reported from its beginning: finds marks and trailers in the bytes and orders both streams. */
export class ReplayedRun {
  readonly record: RunRecord;
  readonly #parts: ReplayParts;
  readonly #barrier: MarkBarrier;
  readonly #filters: Readonly<Record<OutputStream, MarkFilter>>;
  readonly #ended = new Set<OutputStream>();
  /** The calls of the sink that have not been accepted; null when there are none. */
  #pending: Promise<void> | null = null;
  #exitCode = 0;
  #isAlone = false;

  constructor(parts: ReplayParts) {
    const { record, sink, clock } = parts;
    this.record = record;
    this.#parts = parts;
    this.#barrier = new MarkBarrier({
      bytes: (stream, bytes) => this.#enqueue(() => sink.write(stream, bytes, clock.now())),
      mark: (mark) => this.#enqueue(() => sink.mark(mark, clock.now())),
      end: () => {},
    });
    this.#filters = { stdout: this.#filter('stdout'), stderr: this.#filter('stderr') };
  }

  /** Both trailers have been read. */
  get hasEnded(): boolean {
    return this.#ended.size === streams.length;
  }

  /** Known when `hasEnded`. */
  get exitCode(): number {
    return this.#exitCode;
  }

  /** The script has left no process behind; known when `hasEnded`. */
  get isAlone(): boolean {
    return this.#isAlone;
  }

  /** The trailer of a stream has been read. */
  hasEndedOn(stream: OutputStream): boolean {
    return this.#ended.has(stream);
  }

  /** Bytes of one stream, in order. */
  push(stream: OutputStream, bytes: Buffer): void {
    this.#filters[stream].push(bytes);
  }

  /** Output is missing at this point of a stream. */
  reportGap(stream: OutputStream, why: string): void {
    const { sink, clock } = this.#parts;
    this.#filters[stream].end();
    this.#enqueue(() => sink.lost?.(stream, why, clock.now()));
  }

  /** Marks that are missing on one stream will not come. */
  giveUpMarks(): void {
    this.#barrier.giveUp();
  }

  /** Resolves when the sink has accepted everything so far; rejects with what it throws. */
  async settled(): Promise<void> {
    while (this.#pending !== null) {
      const pending = this.#pending;
      await pending;
      if (this.#pending === pending) this.#pending = null;
    }
  }

  #filter(stream: OutputStream): MarkFilter {
    const { record, onRead, onBegun } = this.#parts;
    const marks = [record.token, record.mark];
    return new MarkFilter(marks, {
      bytes: (bytes) => {
        if (this.#ended.has(stream)) return;
        onRead(stream, bytes.length);
        this.#barrier.bytes(stream, bytes);
      },
      mark: (index, text) => {
        if (this.#ended.has(stream)) return;
        onRead(stream, Buffer.byteLength(`${marks[index]}${text}\n`));
        onBegun();
        if (index === 0) this.#takeTrailer(stream, text);
        else if (/^\d{1,9}$/.test(text)) this.#barrier.mark(stream, Number(text));
      },
    });
  }

  #takeTrailer(stream: OutputStream, text: string): void {
    this.#ended.add(stream);
    if (stream === 'stdout') {
      const { exitCode, alone } = readTrailer(text);
      this.#exitCode = exitCode;
      this.#isAlone = alone;
    }
    this.#barrier.end(stream);
  }

  /** Calls the sink now, or after the calls that it has not accepted yet. */
  #enqueue(act: () => void | Promise<void>): void {
    if (this.#pending === null) {
      const waiting = act();
      if (waiting instanceof Promise) this.#pending = waiting;
    } else this.#pending = this.#pending.then(act);
    // Awaited in `settled`; this only marks the rejection as handled.
    this.#pending?.catch(() => {});
  }
}
