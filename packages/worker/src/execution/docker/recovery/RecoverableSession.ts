import { randomBytes } from 'node:crypto';
import { type FSWatcher, watch } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '@xx-pipeline/common';
import type { OutputSink, ShellScript } from '../../JobExecutor.ts';
import { frameScript } from '../../shell/bootstrap.ts';
import type { ContainerSession } from '../../shell/ContainerSession.ts';
import type { OutputStream } from '../../shell/MarkBarrier.ts';
import { catBuffer, recoverableBytes } from '../../shell/recoverable-bootstrap.ts';
import { Attachment, type Connection, containerEnded } from './Attachment.ts';
import { FileTail } from './FileTail.ts';
import { News } from './News.ts';
import type { RecoveryDirectory, RunRecord } from './RecoveryDirectory.ts';
import { ReplayedRun, streams } from './ReplayedRun.ts';

/** Waits without news after which a mark or trailer counts as lost; `exit` says how the script ended. */
const mostSilent = 2;

/**
 * The host's side of a shell whose output goes into files, see `recoverable-bootstrap.ts`. Any process can report the
 * output of a script from its beginning, any number of times:
 *
 *   run 1: [early] out[0 .. trailer 1]      err[0 .. trailer 1]
 *   run 2:         out[trailer 1 .. ]       err[trailer 1 .. ]
 *
 * A script that an earlier process has handed over (it has a record) is replayed and not handed over again.
 */
export class RecoverableSession implements ContainerSession {
  readonly #directory: RecoveryDirectory;
  readonly #clock: Clock;
  readonly #attachment: Attachment;
  readonly #news: News;
  readonly #tails: Readonly<Record<OutputStream, FileTail>>;
  /** Where the next run's output begins. */
  readonly #positions: Record<OutputStream, number> = { stdout: 0, stderr: 0 };
  /** How far the files have been read. */
  readonly #read: Record<OutputStream, number> = { stdout: 0, stderr: 0 };
  /** Streams whose gap has been reported. */
  readonly #gaps = new Set<OutputStream>();
  #runs = 0;
  #isRunning = false;
  #isAlone = false;
  /** Resolves when the script's shell is known to run; null from then on. */
  #beginning: PromiseWithResolvers<boolean> | null = null;
  #record: RunRecord | null = null;

  /** `connection` null: the container had ended before. */
  constructor(
    directory: RecoveryDirectory,
    clock: Clock,
    connection: Connection | null,
    options: { adopted: boolean; reconnect: () => Promise<Connection> },
  ) {
    this.#directory = directory;
    this.#clock = clock;
    this.#news = new News(clock);
    this.#tails = {
      stdout: new FileTail(join(directory.io, 'out')),
      stderr: new FileTail(join(directory.io, 'err')),
    };
    this.#attachment = new Attachment({
      connection,
      ...options,
      onNews: () => this.#news.announce(),
      onReconnected: () => this.#gaps.clear(),
    });
    if (options.adopted) this.#record = directory.run(1);
  }

  get closed(): Promise<void> {
    return this.#attachment.output?.closed ?? Promise.resolve();
  }

  get outerPid(): number | null {
    return this.#record?.outerPid ?? null;
  }

  get keptPids(): readonly number[] {
    return this.#record?.keptPids ?? [];
  }

  get earlyOutput(): string {
    return this.#attachment.output?.early.toString('utf8').trim() ?? '';
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
      const run = new ReplayedRun({
        record,
        sink,
        clock: this.#clock,
        onRead: (stream, bytes) => {
          this.#positions[stream] += bytes;
        },
        onBegun: () => this.#begin(true),
      });
      const exitCode = await this.#replay(run, this.#runs === 1 ? this.#directory.early : Buffer.alloc(0));
      this.#isAlone = run.isAlone;
      return exitCode;
    } finally {
      watcher?.close();
      this.#begin(false);
      this.#isRunning = false;
    }
  }

  destroy(): void {
    this.#attachment.destroy();
    this.#news.announce();
    for (const stream of streams) void this.#tails[stream].close();
  }

  #begin(begun: boolean): void {
    this.#beginning?.resolve(begun);
    this.#beginning = null;
  }

  async #handOver(script: ShellScript): Promise<RunRecord> {
    const hello = this.#record ?? (await this.#attachment.hello());
    if (this.#attachment.output?.isClosed === true) await this.#attachment.reconnect();
    const { output, lost } = this.#attachment;
    if (hello === null || output === null || lost !== null) throw lost ?? containerEnded();
    const token = `\u001e${randomBytes(24).toString('hex')}`;
    const { outerPid, keptPids, inFiles } = hello;
    const record: RunRecord = { token, mark: script.mark, inFiles, outerPid, keptPids };
    if (this.#runs === 1 && output.early.length > 0) this.#directory.writeEarly(output.early);
    // The record first: a script without one must not have run.
    this.#directory.writeRun(this.#runs, record);
    this.#attachment.write(frameScript(script.text, token, randomBytes(12).toString('hex')));
    return record;
  }

  async #replay(run: ReplayedRun, early: Buffer): Promise<number> {
    if (early.length > 0) {
      run.push('stdout', early);
      this.#positions.stdout -= early.length;
      await run.settled();
    }
    let silent = 0;
    for (;;) {
      // Read before the files: what was written before the end is in them.
      const isOver = this.#attachment.isDropped || this.#attachment.lost !== null;
      if (!isOver && this.#attachment.output?.isClosed === true) {
        // Without files, the end of the script may have been sent over the connection that broke.
        if (run.record.inFiles) void this.#attachment.reconnect();
        else this.#attachment.giveUp();
      }
      let progressed = false;
      for (const stream of streams) progressed = (await this.#readNext(stream, run)) || progressed;
      if (run.hasEnded) return run.exitCode;
      if (progressed) {
        silent = 0;
        continue;
      }
      if (silent >= mostSilent || isOver) {
        run.giveUpMarks();
        await run.settled();
        const exitCode = await this.#exitOf(run.record);
        if (exitCode !== null) return await this.#endWithout(run, exitCode);
      }
      if (isOver) throw this.#attachment.lost ?? containerEnded();
      if (!(await this.#news.next())) silent++;
    }
  }

  /** Reports the next piece of one stream; false when there is none. */
  async #readNext(stream: OutputStream, run: ReplayedRun): Promise<boolean> {
    if (run.hasEndedOn(stream) || this.#attachment.isDropped) return false;
    const fromFile = await this.#tails[stream].read(this.#read[stream]);
    const bytes = fromFile ?? this.#attachment.output?.take(stream) ?? null;
    if (bytes === null) return false;
    if (fromFile !== null) this.#read[stream] += fromFile.length;
    // An earlier process may have received more over its connection than the file contains.
    else if (bytes === 'gap' || this.#attachment.heardElsewhere) this.#reportGap(stream, run);
    if (bytes !== 'gap') run.push(stream, bytes);
    await run.settled();
    // The next run's output begins behind the trailer, wherever the chunk ended.
    if (run.hasEndedOn(stream)) this.#read[stream] = this.#positions[stream];
    return true;
  }

  /** Output of a stream is lost here. Reported once, because nothing more goes into its file then. */
  #reportGap(stream: OutputStream, run: ReplayedRun): void {
    if (this.#gaps.has(stream)) return;
    this.#gaps.add(stream);
    const what = stream === 'stdout' ? 'standard output' : 'standard error';
    const amount = this.#attachment.heardElsewhere ? 'Some' : `Up to ${catBuffer / 1024} KiB`;
    const why =
      this.#read[stream] >= recoverableBytes
        ? `more than ${recoverableBytes / 2 ** 30} GiB do not outlive a worker`
        : "the worker's disk was full";
    run.reportGap(stream, `${amount} of the ${what} may be missing here: ${why}`);
  }

  /** Ends a script whose trailers are lost, at least one of them. */
  async #endWithout(run: ReplayedRun, exitCode: number): Promise<number> {
    for (const stream of streams) if (!run.hasEndedOn(stream)) this.#reportGap(stream, run);
    await run.settled();
    return exitCode;
  }

  /** The exit code that the shell wrote into a file, for a script whose trailer is lost; null while there is none. */
  async #exitOf(record: RunRecord): Promise<number | null> {
    const text = await readExit(join(this.#directory.io, 'exit'));
    // Behind the bytes that a full disk accepted of an earlier try.
    const [, code] = text.slice(text.lastIndexOf(`${record.token} `)).match(/^\S+ (\d+)\n/) ?? [];
    return code === undefined || !text.includes(record.token) ? null : Number(code);
  }

  #watch(): FSWatcher | null {
    try {
      const watcher = watch(this.#directory.io, { persistent: false }, () => this.#news.announce());
      watcher.on('error', () => {});
      return watcher;
    } catch {
      // The system has no more watches: the files are read from time to time.
      return null;
    }
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
