import { randomBytes } from 'node:crypto';
import { type FSWatcher, watch } from 'node:fs';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import type { Clock } from '@xx-pipeline/common';
import { ExecutionBroken } from '../../errors.ts';
import type { OutputSink, ShellScript } from '../../JobExecutor.ts';
import { frameScript, readTrailer } from '../../shell/bootstrap.ts';
import type { ContainerSession } from '../../shell/ContainerSession.ts';
import { MarkBarrier, type OutputStream } from '../../shell/MarkBarrier.ts';
import { MarkFilter } from '../../shell/MarkFilter.ts';
import { catBuffer, recoverableBytes } from '../../shell/recoverable-bootstrap.ts';
import { AttachedOutput, type ShellHello } from './AttachedOutput.ts';
import { FileTail } from './FileTail.ts';
import type { RecoveryDirectory, RunRecord } from './RecoveryDirectory.ts';

const streams = ['stdout', 'stderr'] as const;

/** How long a wait for news lasts at most, for file systems that tell none. */
const longestWait = 500;
/** Such waits without news after which a mark or trailer counts as lost; `exit` tells how the script ended. */
const patience = 2;

interface Connection {
  readonly socket: Duplex;
  readonly head: Buffer;
}

/** A script being told. */
interface Telling {
  readonly sink: OutputSink;
  readonly barrier: MarkBarrier;
  readonly filters: Readonly<Record<OutputStream, MarkFilter>>;
  readonly ended: Set<OutputStream>;
  exitCode: number;
  pending: Promise<void> | null;
}

/**
 * The host's side of a shell whose output goes into files, see `recoverable-bootstrap.ts`. What a script printed can be
 * told any number of times, by any process, from its beginning:
 *
 *   run 1: [early] out[0 .. trailer 1]      err[0 .. trailer 1]
 *   run 2:         out[trailer 1 .. ]       err[trailer 1 .. ]
 *
 * A script that an earlier process has handed over (there is a record of it) is told and not handed over again.
 */
export class RecoverableSession implements ContainerSession {
  readonly #directory: RecoveryDirectory;
  readonly #clock: Clock;
  /** null: the container had ended before we came. */
  #attached: AttachedOutput | null;
  #socket: Duplex | null;
  /** Somebody else may have heard what came over a connection, or nobody. */
  #heardElsewhere: boolean;
  readonly #reconnect: () => Promise<Connection>;
  #reconnecting: Promise<void> | null = null;
  #hello: ShellHello | null = null;
  /** Why the container cannot be reached any more. */
  #lost: unknown = null;
  readonly #tails: Readonly<Record<OutputStream, FileTail>>;
  /** Where the next run's output begins. */
  readonly #positions: Record<OutputStream, number> = { stdout: 0, stderr: 0 };
  /** How far the files have been read. */
  readonly #read: Record<OutputStream, number> = { stdout: 0, stderr: 0 };
  #runs = 0;
  #isRunning = false;
  #isAlone = false;
  /** What waits for the script's shell; null once that is known to run. */
  #beginning: PromiseWithResolvers<boolean> | null = null;
  #record: RunRecord | null = null;
  /** Streams of which a gap has been told. */
  readonly #gaps = new Set<OutputStream>();
  #news: (() => void) | null = null;
  #hasNews = false;
  #dropped = false;

  constructor(
    directory: RecoveryDirectory,
    clock: Clock,
    connection: Connection | null,
    options: { adopted: boolean; reconnect: () => Promise<Connection> },
  ) {
    this.#directory = directory;
    this.#clock = clock;
    this.#tails = {
      stdout: new FileTail(join(directory.io, 'out')),
      stderr: new FileTail(join(directory.io, 'err')),
    };
    this.#socket = connection?.socket ?? null;
    this.#attached =
      connection === null ? null : new AttachedOutput(connection.socket, connection.head, () => this.#tellNews());
    void this.#attached?.hello.then((hello) => {
      this.#hello = hello;
    });
    this.#heardElsewhere = options.adopted;
    this.#reconnect = options.reconnect;
    if (connection === null) this.#lost = gone();
    if (options.adopted) {
      this.#attached?.expectNothing();
      this.#record = directory.run(1);
    }
  }

  get closed(): Promise<void> {
    return this.#attached?.closed ?? Promise.resolve();
  }

  get outerPid(): number | null {
    return this.#record?.outerPid ?? null;
  }

  get keptPids(): readonly number[] {
    return this.#record?.keptPids ?? [];
  }

  get earlyOutput(): string {
    return this.#attached?.early.toString('utf8').trim() ?? '';
  }

  get isAlone(): boolean {
    return this.#isAlone;
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  get begun(): Promise<boolean> | null {
    return this.#beginning?.promise ?? null;
  }

  async run(script: ShellScript, sink: OutputSink): Promise<number> {
    if (this.#isRunning) throw new Error('a script is running already');
    this.#isRunning = true;
    this.#isAlone = false;
    this.#beginning = Promise.withResolvers();
    this.#runs++;
    const watcher = this.#watch();
    try {
      const record = this.#directory.run(this.#runs) ?? (await this.#handOver(script));
      this.#record = record;
      return await this.#tell(record, sink, this.#runs === 1 ? this.#directory.early : Buffer.alloc(0));
    } finally {
      watcher?.close();
      this.#begin(false);
      this.#isRunning = false;
    }
  }

  destroy(): void {
    this.#dropped = true;
    this.#attached?.destroy();
    this.#tellNews();
    for (const stream of streams) void this.#tails[stream].close();
  }

  #begin(begun: boolean): void {
    this.#beginning?.resolve(begun);
    this.#beginning = null;
  }

  async #handOver(script: ShellScript): Promise<RunRecord> {
    const hello = this.#record ?? this.#hello ?? (await this.#attached?.hello) ?? null;
    if (this.#attached?.isClosed === true) await this.#attachAgain();
    if (hello === null || this.#attached === null || this.#socket === null || this.#lost !== null)
      throw this.#lost ?? gone();
    const token = `\u001e${randomBytes(24).toString('hex')}`;
    const { outerPid, keptPids, inFiles } = hello;
    const record: RunRecord = { token, mark: script.mark, inFiles, outerPid, keptPids };
    const { early } = this.#attached;
    if (this.#runs === 1 && early.length > 0) this.#directory.writeEarly(early);
    // First the record: a script that nobody remembers must not have run.
    this.#directory.writeRun(this.#runs, record);
    this.#socket.write(frameScript(script.text, token, randomBytes(12).toString('hex')));
    return record;
  }

  async #tell(record: RunRecord, sink: OutputSink, early: Buffer): Promise<number> {
    const telling: Telling = {
      sink,
      barrier: new MarkBarrier({
        bytes: (stream, bytes) => enqueue(telling, () => sink.write(stream, bytes, this.#clock.now())),
        mark: (mark) => enqueue(telling, () => sink.mark(mark, this.#clock.now())),
        end: () => {},
      }),
      ended: new Set(),
      exitCode: 0,
      pending: null,
      filters: {
        stdout: this.#filter('stdout', record, () => telling),
        stderr: this.#filter('stderr', record, () => telling),
      },
    };
    if (early.length > 0) {
      telling.filters.stdout.push(early);
      this.#positions.stdout -= early.length;
      await settle(telling);
    }
    let silent = 0;
    for (;;) {
      // Looked at before the files: what was written before the end is in them.
      const isOver = this.#dropped || this.#lost !== null;
      if (!isOver && this.#attached?.isClosed === true) {
        // Where nothing is in files, its end may have been said to nobody.
        if (record.inFiles) void this.#attachAgain();
        else this.#lost = gone();
      }
      let progressed = false;
      for (const stream of streams) progressed = (await this.#tellNext(stream, telling)) || progressed;
      if (telling.ended.size === 2) return telling.exitCode;
      if (progressed) {
        silent = 0;
        continue;
      }
      if (silent >= patience || isOver) {
        telling.barrier.giveUp();
        await settle(telling);
        const exitCode = await this.#exitOf(record);
        if (exitCode !== null) return await this.#endWithout(telling, exitCode);
      }
      if (isOver) throw this.#lost ?? gone();
      if (!(await this.#nextNews())) silent++;
    }
  }

  /** The container may be all right, and only its engine on its way back; meanwhile its files go on telling. */
  #attachAgain(): Promise<void> {
    const attached = ({ socket, head }: Connection) => {
      this.#attached = new AttachedOutput(socket, head, () => this.#tellNews());
      this.#attached.expectNothing();
      this.#socket = socket;
      this.#heardElsewhere = true;
      this.#gaps.clear();
      if (this.#dropped) this.#attached.destroy();
    };
    this.#reconnecting ??= this.#reconnect()
      .then(attached, (error: unknown) => {
        this.#lost = error;
      })
      .finally(() => {
        this.#reconnecting = null;
        this.#tellNews();
      });
    return this.#reconnecting;
  }

  /** Tells what has come on one stream; false when nothing has. */
  async #tellNext(stream: OutputStream, telling: Telling): Promise<boolean> {
    if (telling.ended.has(stream) || this.#dropped) return false;
    const fromFile = await this.#tails[stream].read(this.#read[stream]);
    const bytes = fromFile ?? this.#attached?.take(stream) ?? null;
    if (bytes === null) return false;
    if (fromFile !== null) this.#read[stream] += fromFile.length;
    // An earlier process may have heard more over its connection than the file holds.
    else if (bytes === 'gap' || this.#heardElsewhere) this.#tellGap(stream, telling);
    if (bytes !== 'gap') telling.filters[stream].push(bytes);
    await settle(telling);
    // The next run's output begins behind the trailer, wherever the chunk ended.
    if (telling.ended.has(stream)) this.#read[stream] = this.#positions[stream];
    return true;
  }

  /** Something of a stream is lost here; once, because then nothing goes into its file any more. */
  #tellGap(stream: OutputStream, telling: Telling): void {
    if (this.#gaps.has(stream)) return;
    this.#gaps.add(stream);
    telling.filters[stream].end();
    const what = stream === 'stdout' ? 'standard output' : 'standard error';
    const amount = this.#heardElsewhere ? 'Some' : `Up to ${catBuffer / 1024} KiB`;
    const why =
      this.#read[stream] >= recoverableBytes
        ? `more than ${recoverableBytes / 2 ** 30} GiB do not outlive a worker`
        : "the worker's disk was full";
    const message = `${amount} of the ${what} may be missing here: ${why}`;
    enqueue(telling, () => telling.sink.lost?.(stream, message, this.#clock.now()));
  }

  /** A script has ended whose trailers are not all to be had. */
  async #endWithout(telling: Telling, exitCode: number): Promise<number> {
    for (const stream of streams) if (!telling.ended.has(stream)) this.#tellGap(stream, telling);
    await settle(telling);
    return exitCode;
  }

  #filter(stream: OutputStream, record: RunRecord, telling: () => Telling): MarkFilter {
    const marks = [record.token, record.mark];
    return new MarkFilter(marks, {
      bytes: (bytes) => {
        const { ended, barrier } = telling();
        if (ended.has(stream)) return;
        this.#positions[stream] += bytes.length;
        barrier.bytes(stream, bytes);
      },
      mark: (index, text) => {
        const { ended, barrier } = telling();
        if (ended.has(stream)) return;
        this.#positions[stream] += Buffer.byteLength(`${marks[index]}${text}\n`);
        this.#begin(true);
        if (index === 0) {
          ended.add(stream);
          if (stream === 'stdout') this.#takeTrailer(telling(), text);
          barrier.end(stream);
        } else if (/^\d{1,9}$/.test(text)) barrier.mark(stream, Number(text));
      },
    });
  }

  #takeTrailer(telling: Telling, text: string): void {
    const { exitCode, alone } = readTrailer(text);
    telling.exitCode = exitCode;
    this.#isAlone = alone;
  }

  /** What the shell noted besides: the exit code of a script whose trailer got lost. */
  async #exitOf(record: RunRecord): Promise<number | null> {
    const text = await readExit(join(this.#directory.io, 'exit'));
    // Behind what a full disk took of an earlier try.
    const [, code] = text.slice(text.lastIndexOf(`${record.token} `)).match(/^\S+ (\d+)\n/) ?? [];
    return code === undefined || !text.includes(record.token) ? null : Number(code);
  }

  #watch(): FSWatcher | null {
    try {
      const watcher = watch(this.#directory.io, { persistent: false }, () => this.#tellNews());
      watcher.on('error', () => {});
      return watcher;
    } catch {
      // No more watches to be had: the files are looked at from time to time.
      return null;
    }
  }

  #tellNews(): void {
    this.#hasNews = true;
    this.#news?.();
  }

  /** False when none came in time. */
  async #nextNews(): Promise<boolean> {
    if (!this.#hasNews) {
      const enough = new AbortController();
      const told = new Promise<void>((resolve) => {
        this.#news = resolve;
      });
      await Promise.race([told, this.#clock.sleep(longestWait, enough.signal).catch(() => {})]);
      enough.abort();
      this.#news = null;
    }
    const came = this.#hasNews;
    this.#hasNews = false;
    return came;
  }
}

/** Does something now, or after what waits already. */
function enqueue(telling: Telling, act: () => void | Promise<void>): void {
  if (telling.pending === null) {
    const waiting = act();
    if (waiting instanceof Promise) telling.pending = waiting;
  } else telling.pending = telling.pending.then(act);
  telling.pending?.catch(() => {});
}

async function settle(telling: Telling): Promise<void> {
  while (telling.pending !== null) {
    const { pending } = telling;
    await pending;
    if (telling.pending === pending) telling.pending = null;
  }
}

async function readExit(path: string): Promise<string> {
  const tail = new FileTail(path);
  try {
    return (await tail.read(0))?.toString() ?? '';
  } catch {
    return '';
  } finally {
    await tail.close();
  }
}

function gone(): ExecutionBroken {
  return new ExecutionBroken("the job's container ended before its script did", {
    help: 'it was removed or killed from outside, or the Docker engine stopped',
  });
}
