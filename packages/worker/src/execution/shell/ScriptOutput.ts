import type { Clock } from '@xx-pipeline/common';
import type { OutputSink } from '../JobExecutor.ts';
import { helloMark, readTrailer } from './bootstrap.ts';
import { MarkBarrier, type OutputStream } from './MarkBarrier.ts';
import { MarkFilter } from './MarkFilter.ts';

/** The texts and callbacks for reading a script's output. */
export interface ScriptOutputParts {
  readonly sink: OutputSink;
  readonly clock: Clock;
  /** The beginning of a trailer. */
  readonly token: string;
  /** The beginning of a command's mark. */
  readonly mark: string;
  /** The outer shell has sent its hello. */
  greeted(outerPid: number): void;
  /** The trailer has come on both streams and all output before it is taken. `alone`: no process of the script is left. */
  ended(exitCode: number, alone: boolean): void;
  /** The sink failed while nothing was being pushed. */
  failed(error: unknown): void;
}

/** Milliseconds that one stream is held at most at a mark that does not come on the other one. */
const longestHold = 1000;

/** Separates the two streams of one script into output, marks and trailer, and passes them on one after the other. */
export class ScriptOutput {
  readonly #parts: ScriptOutputParts;
  readonly #barrier: MarkBarrier;
  readonly #filters: Readonly<Record<OutputStream, MarkFilter>>;
  readonly #over = new AbortController();
  /** Waits for the script's shell; null once that is known to run. */
  #beginning: PromiseWithResolvers<boolean> | null = Promise.withResolvers();
  #greeted: boolean;
  #exitCode = 0;
  #alone = false;
  /** The current delivery; null when the sink is ready. */
  #pending: Promise<void> | null = null;
  /** Milliseconds in which the sink kept pushes waiting. */
  #stalled = 0;
  #watching = false;

  constructor(parts: ScriptOutputParts, greeted: boolean) {
    this.#parts = parts;
    this.#greeted = greeted;
    const { sink, clock } = parts;
    this.#barrier = new MarkBarrier({
      bytes: (stream, bytes) => this.#deliver(() => sink.write(stream, bytes, clock.now())),
      mark: (mark) => this.#deliver(() => sink.mark(mark, clock.now())),
      end: () => this.#deliver(() => this.#end()),
    });
    this.#filters = { stdout: this.#filter('stdout'), stderr: this.#filter('stderr') };
  }

  /** Resolves when the script's shell is known to run (true) or has ended unseen (false); null when it is known. */
  get begun(): Promise<boolean> | null {
    return this.#beginning?.promise ?? null;
  }

  /** Takes a piece of a stream; resolves when the sink has taken what could be handed on. Rejects when the sink fails. */
  async push(stream: OutputStream, bytes: Buffer): Promise<void> {
    this.#filters[stream].push(bytes);
    if (this.#barrier.waitingFor !== null && !this.#watching) void this.#watch();
    if (this.#pending === null) return;
    const from = this.#parts.clock.now();
    await this.#settle();
    this.#stalled += this.#parts.clock.now() - from;
  }

  /** The streams were lost: passes on what was held. */
  async lose(): Promise<void> {
    for (const stream of ['stdout', 'stderr'] as const) this.#filters[stream].end();
    this.#barrier.giveUp();
    await this.#settle();
    this.drop();
  }

  /** Passes nothing on from now on. */
  drop(): void {
    this.#over.abort('over');
    this.#begin(false);
  }

  #filter(stream: OutputStream): MarkFilter {
    const { token, mark } = this.#parts;
    const marks = [token, mark];
    if (stream === 'stdout' && !this.#greeted) marks.push(helloMark);
    return new MarkFilter(marks, {
      bytes: (bytes) => {
        // Before the hello, on the stream that carries it, it is an entrypoint's.
        if (this.#greeted && stream === 'stdout') this.#begin(true);
        this.#barrier.bytes(stream, bytes);
      },
      mark: (index, text) => {
        if (index === 0) this.#trailer(stream, text);
        else if (index === 1) this.#mark(stream, text);
        else this.#greet(text);
      },
    });
  }

  #begin(begun: boolean): void {
    this.#beginning?.resolve(begun);
    this.#beginning = null;
  }

  #greet(text: string): void {
    this.#greeted = true;
    this.#parts.greeted(Number(text.trim()));
  }

  #mark(stream: OutputStream, text: string): void {
    this.#begin(true);
    if (/^\d{1,9}$/.test(text)) this.#barrier.mark(stream, Number(text));
  }

  #trailer(stream: OutputStream, text: string): void {
    if (stream === 'stdout') {
      const { exitCode, alone } = readTrailer(text);
      this.#exitCode = exitCode;
      this.#alone = alone;
    }
    this.#barrier.end(stream);
  }

  #end(): void {
    this.drop();
    this.#parts.ended(this.#exitCode, this.#alone);
  }

  /** Does something now, or after what waits already. */
  #deliver(action: () => void | Promise<void>): void {
    const act = () => (this.#over.signal.aborted ? undefined : action());
    if (this.#pending === null) {
      const waiting = act();
      if (waiting instanceof Promise) this.#pending = waiting;
    } else this.#pending = this.#pending.then(act);
    // `settle` handles a rejection; until then it must not count as unhandled.
    this.#pending?.catch(() => {});
  }

  async #settle(): Promise<void> {
    while (this.#pending !== null) {
      const pending = this.#pending;
      await pending;
      if (this.#pending === pending) this.#pending = null;
    }
  }

  /** Limits how long a stream is held. */
  async #watch(): Promise<void> {
    this.#watching = true;
    try {
      for (let mark = this.#barrier.waitingFor; mark !== null; mark = this.#barrier.waitingFor) {
        if (!(await this.#patience(mark))) continue;
        this.#barrier.giveUp();
        await this.#settle();
      }
    } catch (error) {
      if (!this.#over.signal.aborted) this.#parts.failed(error);
    } finally {
      this.#watching = false;
    }
  }

  /** Whether a stream is still held at a mark when its time is over. Time in which the sink is busy does not count. */
  async #patience(mark: number): Promise<boolean> {
    const { clock } = this.#parts;
    for (let left = longestHold; left > 0; ) {
      const from = clock.now();
      const stalled = this.#stalled;
      await clock.sleep(left, this.#over.signal);
      if (this.#barrier.waitingFor !== mark) return false;
      if (this.#pending === null) left -= clock.now() - from - (this.#stalled - stalled);
    }
    return true;
  }
}
