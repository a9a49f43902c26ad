import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { Clock } from '@xx-pipeline/common';
import { FrameDemultiplexer } from '../docker/FrameDemultiplexer.ts';
import { ExecutionBroken } from '../errors.ts';
import type { OutputSink, ShellScript } from '../JobExecutor.ts';
import { frameScript, helloMark } from './bootstrap.ts';
import type { ContainerSession } from './ContainerSession.ts';
import { MarkFilter } from './MarkFilter.ts';

type Stream = 'stdout' | 'stderr';

/** A script under way. */
interface Run {
  readonly sink: OutputSink;
  readonly filters: Readonly<Record<Stream, MarkFilter>>;
  readonly ended: Set<Stream>;
  exitCode: number;
  resolve(exitCode: number): void;
  reject(error: unknown): void;
}

/** Output that came before the first script: an entrypoint's. More than this waits in the connection. */
const earlyLimit = 64 * 1024;

/**
 * The host's side of a container's outer shell, over its attached streams.
 *
 *   connect --> (hello seen | script sent) --> trailer on stdout and on stderr --> idle --> next script ... --> closed
 *
 * One reader takes the connection from its beginning to its end, hands output on and waits for whoever takes it, so
 * back-pressure reaches the job and memory stays flat.
 */
export class ShellSession implements ContainerSession {
  readonly keptPids: readonly number[] = [];
  /** Resolves when the connection has ended, for whatever reason. */
  readonly closed: Promise<void>;
  readonly #socket: Duplex;
  readonly #clock: Clock;
  readonly #early: { stream: Stream; bytes: Buffer }[] = [];
  #earlyLength = 0;
  #wakeReader: (() => void) | null = null;
  #run: Run | null = null;
  #ran = false;
  #isClosed = false;
  #outerPid: number | null = null;
  #pending: Promise<void> | null = null;

  constructor(socket: Duplex, head: Buffer, clock: Clock) {
    this.#socket = socket;
    this.#clock = clock;
    this.closed = this.#read(head);
  }

  /** Process id of the outer shell inside the container; null until it has said so. */
  get outerPid(): number | null {
    return this.#outerPid;
  }

  /** What the container printed before any script, for messages about containers that never got that far. */
  get earlyOutput(): string {
    return Buffer.concat(this.#early.map((piece) => piece.bytes))
      .toString('utf8')
      .trim();
  }

  get isRunning(): boolean {
    return this.#run !== null;
  }

  /** Runs a script to its end; resolves with its exit code when all of its output has been taken. */
  run(script: ShellScript, sink: OutputSink): Promise<number> {
    if (this.#run !== null) throw new Error('a script is running already');
    if (this.#isClosed) return Promise.reject(gone());
    return new Promise((resolve, reject) => {
      // The separator in front keeps a token from beginning like anything a prompt ends with.
      const token = `\u001e${randomBytes(24).toString('hex')}`;
      this.#run = {
        sink,
        ended: new Set(),
        exitCode: 0,
        filters: { stdout: this.#filter('stdout', token, script.mark), stderr: this.#filter('stderr', token, null) },
        resolve,
        reject,
      };
      this.#ran = true;
      const { filters } = this.#run;
      for (const early of this.#early.splice(0)) filters[early.stream].push(early.bytes);
      this.#wakeReader?.();
      this.#socket.write(frameScript(script.text, token, randomBytes(12).toString('hex')));
    });
  }

  /** Ends the outer shell's input, and with it the shell, once it waits for a script. */
  endInput(): void {
    if (!this.#isClosed) this.#socket.end();
  }

  /** Drops the connection. */
  destroy(): void {
    this.#socket.destroy();
    this.#wakeReader?.();
  }

  #filter(stream: Stream, token: string, mark: string | null): MarkFilter {
    const marks = [token];
    if (stream === 'stdout' && this.#outerPid === null) marks.push(helloMark);
    if (mark !== null) marks.push(mark);
    return new MarkFilter(marks, {
      bytes: (bytes) => this.#queue((run) => run.sink.write(stream, bytes, this.#clock.now())),
      mark: (index, text) =>
        this.#queue((run) => {
          if (index === 0) this.#ended(run, stream, text);
          else if (marks[index] === helloMark) this.#outerPid = Number(text.trim());
          else run.sink.mark(text, this.#clock.now());
        }),
    });
  }

  /** Does something with the current run now, or after what waits already. */
  #queue(action: (run: Run) => void | Promise<void>): void {
    const act = () => (this.#run === null ? undefined : action(this.#run));
    if (this.#pending === null) {
      const waiting = act();
      if (waiting instanceof Promise) this.#pending = waiting;
    } else this.#pending = this.#pending.then(act);
    // Looked at by the reader; until then a rejection must not count as unhandled.
    this.#pending?.catch(() => {});
  }

  #ended(run: Run, stream: Stream, text: string): void {
    run.ended.add(stream);
    if (stream === 'stdout') run.exitCode = Number(text.trim());
    if (run.ended.size < 2) return;
    this.#run = null;
    run.resolve(run.exitCode);
  }

  async #read(head: Buffer): Promise<void> {
    const pieces: { stream: Stream; bytes: Buffer }[] = [];
    const demultiplexer = new FrameDemultiplexer((stream, bytes) => pieces.push({ stream, bytes }));
    let cause: unknown;
    try {
      if (head.length > 0) await this.#take(head, demultiplexer, pieces);
      for await (const chunk of this.#socket) await this.#take(chunk as Buffer, demultiplexer, pieces);
    } catch (error) {
      cause = error;
    }
    this.#isClosed = true;
    this.#socket.destroy();
    const run = this.#run;
    this.#run = null;
    run?.reject(cause instanceof SinkFailed ? cause.cause : gone(cause));
  }

  async #take(
    chunk: Buffer,
    demultiplexer: FrameDemultiplexer,
    pieces: { stream: Stream; bytes: Buffer }[],
  ): Promise<void> {
    demultiplexer.push(chunk);
    for (const { stream, bytes } of pieces) {
      if (this.#ran) await this.#pass(stream, bytes);
      else await this.#keepEarly(stream, bytes);
    }
    pieces.length = 0;
  }

  async #pass(stream: Stream, bytes: Buffer): Promise<void> {
    try {
      this.#run?.filters[stream].push(bytes);
      while (this.#pending !== null) {
        const pending = this.#pending;
        await pending;
        if (this.#pending === pending) this.#pending = null;
      }
    } catch (error) {
      throw new SinkFailed({ cause: error });
    }
  }

  async #keepEarly(stream: Stream, bytes: Buffer): Promise<void> {
    this.#early.push({ stream, bytes });
    this.#earlyLength += bytes.length;
    if (this.#earlyLength < earlyLimit) return;
    await new Promise<void>((resolve) => {
      this.#wakeReader = resolve;
    });
  }
}

/** Whoever takes the output failed, not the container. */
class SinkFailed extends Error {
  constructor(options: { cause: unknown }) {
    super('the output could not be taken', options);
  }
}

function gone(cause?: unknown): ExecutionBroken {
  return new ExecutionBroken("the job's container ended before its script did", {
    help: 'it was removed or killed from outside, or the Docker engine stopped',
    ...(cause === undefined ? {} : { cause }),
  });
}
