import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { Clock } from '@xx-pipeline/common';
import { ExecutionBroken } from '../errors.ts';
import type { OutputSink, ShellScript } from '../JobExecutor.ts';
import { frameScript } from './bootstrap.ts';
import type { ContainerSession } from './ContainerSession.ts';
import { FrameDemultiplexer } from './FrameDemultiplexer.ts';
import type { OutputStream } from './MarkBarrier.ts';
import { ScriptOutput } from './ScriptOutput.ts';

/** A script that runs. */
interface Run {
  readonly output: ScriptOutput;
  reject(error: unknown): void;
}

/** Output that came before the first script: an entrypoint's. More than this waits in the connection. */
const earlyLimit = 64 * 1024;

/**
 * The host's side of a container's outer shell, over its attached streams.
 *
 *   connect --> (hello seen | script sent) --> trailer on stdout and on stderr --> idle --> next script ... --> closed
 *
 * One reader reads the connection from its beginning to its end, passes output on and waits for its receiver, so
 * back-pressure reaches the job and memory stays flat.
 */
export class ShellSession implements ContainerSession {
  readonly keptPids: readonly number[] = [];
  /** Resolves when the connection has ended, for whatever reason. */
  readonly closed: Promise<void>;
  readonly #socket: Duplex;
  readonly #clock: Clock;
  readonly #early: { stream: OutputStream; bytes: Buffer }[] = [];
  #earlyLength = 0;
  #wakeReader: (() => void) | null = null;
  #run: Run | null = null;
  #ran = false;
  #isClosed = false;
  #outerPid: number | null = null;
  #isDropped = false;
  #isAlone = false;

  constructor(socket: Duplex, head: Buffer, clock: Clock) {
    this.#socket = socket;
    this.#clock = clock;
    this.closed = this.#read(head);
  }

  /** Process id of the outer shell inside the container; null until it has sent its hello. */
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

  get isAlone(): boolean {
    return this.#isAlone;
  }

  /** Resolves when the running script's shell is there (true) or never will be (false); null when it is, or nothing runs. */
  get begun(): Promise<boolean> | null {
    return this.#run?.output.begun ?? null;
  }

  /** Runs a script to its end; resolves with its exit code when all of its output has been taken. */
  run(script: ShellScript, sink: OutputSink): Promise<number> {
    if (this.#run !== null) throw new Error('a script is running already');
    if (this.#isClosed) return Promise.reject(gone());
    return new Promise((resolve, reject) => {
      // The separator in front keeps a token from beginning like anything a prompt ends with.
      const token = `\u001e${randomBytes(24).toString('hex')}`;
      this.#isAlone = false;
      const ended = (exitCode: number, alone: boolean) => {
        this.#run = null;
        this.#isAlone = alone;
        resolve(exitCode);
      };
      const greeted = (outerPid: number) => {
        this.#outerPid = outerPid;
      };
      const failed = (cause: unknown) => void this.#socket.destroy(new SinkFailed({ cause }));
      const parts = { sink, clock: this.#clock, token, mark: script.mark, greeted, ended, failed };
      const output = new ScriptOutput(parts, this.#outerPid !== null);
      this.#run = { output, reject };
      this.#ran = true;
      for (const early of this.#early.splice(0)) output.push(early.stream, early.bytes).catch(failed);
      this.#wakeReader?.();
      this.#socket.write(frameScript(script.text, token, randomBytes(12).toString('hex')));
    });
  }

  /** Drops the connection. */
  destroy(): void {
    this.#isDropped = true;
    this.#socket.destroy();
    this.#wakeReader?.();
  }

  async #read(head: Buffer): Promise<void> {
    const pieces: { stream: OutputStream; bytes: Buffer }[] = [];
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
    await this.#lose(cause);
  }

  /** The connection has ended under a script: the output that came through is passed on, unless the run has ended. */
  async #lose(cause: unknown): Promise<void> {
    const run = this.#run;
    if (run === null) return;
    if (!this.#isDropped && !(cause instanceof SinkFailed)) await run.output.lose().catch(() => {});
    run.output.drop();
    this.#run = null;
    run.reject(cause instanceof SinkFailed ? cause.cause : gone(cause));
  }

  async #take(
    chunk: Buffer,
    demultiplexer: FrameDemultiplexer,
    pieces: { stream: OutputStream; bytes: Buffer }[],
  ): Promise<void> {
    demultiplexer.push(chunk);
    for (const { stream, bytes } of pieces) {
      if (this.#ran) await this.#pass(stream, bytes);
      else await this.#keepEarly(stream, bytes);
    }
    pieces.length = 0;
  }

  async #pass(stream: OutputStream, bytes: Buffer): Promise<void> {
    try {
      await this.#run?.output.push(stream, bytes);
    } catch (error) {
      throw new SinkFailed({ cause: error });
    }
  }

  async #keepEarly(stream: OutputStream, bytes: Buffer): Promise<void> {
    this.#early.push({ stream, bytes });
    this.#earlyLength += bytes.length;
    if (this.#earlyLength < earlyLimit) return;
    await new Promise<void>((resolve) => {
      this.#wakeReader = resolve;
    });
  }
}

/** The receiver of the output failed, not the container. */
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
