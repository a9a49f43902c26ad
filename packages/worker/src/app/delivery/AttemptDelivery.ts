import { createReadStream } from 'node:fs';
import { type Clock, isTerminal, type JobStatusUpdate, messageOf } from '@xx-pipeline/common';
import { ApiProblem } from '@xx-pipeline/common/api';
import { callWithin, type RetryPolicy } from '@xx-pipeline/service/http';
import type { AttemptFiles } from '../spool/AttemptFiles.ts';
import type { LogSpool } from '../spool/LogSpool.ts';
import type { AttemptCaller, WorkerBackendClient } from '../WorkerBackendClient.ts';

/** How the delivery of an attempt ended. */
export type DeliveryEnd =
  /** The backend has everything. */
  | { readonly kind: 'delivered' }
  /** The attempt is no longer ours: nothing more is to be told. */
  | { readonly kind: 'stale'; readonly reason: string }
  /** The backend does not know the job: somebody gave it to this worker alone. */
  | { readonly kind: 'unknown-job' }
  /** The backend was away for longer than allowed, or refused what it should take. */
  | { readonly kind: 'given-up'; readonly reason: string }
  /** Stopped from outside; the rest is on disk. */
  | { readonly kind: 'stopped' };

/** Milliseconds for which a little log waits for more, so that many small writes, or a whole short job, are one call. */
const gatherMs = 20;
/** Bytes of log that go with the last status. */
const lastBytes = 64 * 1024;
/** Payload bytes of one append. */
const appendSize = 2 * 1024 * 1024;
/** Bytes of one part of an archive. */
const partSize = 64 * 1024 * 1024;
const checksumTries = 3;
const callMs = 30_000;

/**
 * Tells the backend about one attempt, from what lies on disk, in order:
 *
 *   RUNNING --> log bytes, as they come --> archive --> terminal status
 *
 * What is left when a job ends goes in one call, if it is little. One call at a time. The job's output never waits for
 * it. Everything acknowledged is noted in the journal, so a later process goes on where this one was.
 */
export class AttemptDelivery {
  readonly #directory: AttemptFiles;
  readonly #spool: LogSpool;
  readonly #client: WorkerBackendClient;
  readonly #clock: Clock;
  readonly #retries: RetryPolicy;
  readonly #caller: AttemptCaller;
  #wake: (() => void) | null = null;
  #news = true;
  #finished = false;
  /** Ends the gathering. */
  #enough: AbortController | null = null;
  #logRefused: string | null = null;
  #artifactRefused: string | null = null;
  readonly #acknowledged = Promise.withResolvers<void>();

  constructor(parts: {
    directory: AttemptFiles;
    spool: LogSpool;
    client: WorkerBackendClient;
    clock: Clock;
    retries: RetryPolicy;
  }) {
    this.#directory = parts.directory;
    this.#spool = parts.spool;
    this.#client = parts.client;
    this.#clock = parts.clock;
    this.#retries = parts.retries;
    const { request, attempt } = parts.directory.job;
    this.#caller = { jobId: request.jobId, attempt, token: request.token };
    if (parts.directory.journal.state.delivered.reports > 0) this.#acknowledged.resolve();
  }

  /** Resolves when the backend has acknowledged that the attempt runs here, in this life or an earlier one. */
  get acknowledged(): Promise<void> {
    return this.#acknowledged.promise;
  }

  /** There is something new to tell. */
  wake(): void {
    this.#news = true;
    if (this.#finished || this.#unsent > lastBytes) this.#enough?.abort('enough');
    this.#wake?.();
  }

  /** Nothing will be added to the log any more, and the terminal report is in the journal. */
  finish(): void {
    this.#finished = true;
    this.wake();
  }

  /** Delivers until everything is told or the signal aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<DeliveryEnd> {
    try {
      for (;;) {
        this.#news = false;
        const finished = this.#finished;
        if (finished && (await this.#sendAtOnce(signal))) return { kind: 'delivered' };
        await this.#sendReports(signal, 'running');
        if (await this.#gather(signal)) continue;
        await this.#sendLog(signal);
        await this.#sendArtifact(signal);
        this.#directory.journal.flush();
        if (finished) {
          await this.#sendReports(signal, 'all');
          return { kind: 'delivered' };
        }
        await this.#nextNews(signal);
      }
    } catch (error) {
      return endOf(error, signal);
    }
  }

  get #unsent(): number {
    return this.#spool.end - this.#directory.journal.state.delivered.log;
  }

  /** Waits for more of a log of which there is little. True when the job has ended meanwhile. */
  async #gather(signal: AbortSignal): Promise<boolean> {
    if (this.#finished || this.#unsent === 0 || this.#unsent > lastBytes || this.#logRefused !== null) return false;
    const enough = new AbortController();
    this.#enough = enough;
    const stop = () => enough.abort('stopped');
    signal.addEventListener('abort', stop);
    await this.#clock.sleep(gatherMs, enough.signal).catch(() => {});
    signal.removeEventListener('abort', stop);
    this.#enough = null;
    return this.#finished;
  }

  /** Tells all that is left in one call; false where that cannot be. */
  async #sendAtOnce(signal: AbortSignal): Promise<boolean> {
    const { journal } = this.#directory;
    for (;;) {
      const { reports, delivered, artifact } = journal.state;
      const last = reports.at(-1);
      if (last === undefined || this.#logRefused !== null || (artifact !== null && !delivered.artifact)) return false;
      if (delivered.reports < reports.length - 1) return false;
      if (this.#spool.end - delivered.log > lastBytes) return false;
      const { frames, bytes } = await this.#spool.read(delivered.log, lastBytes);
      if (delivered.log + bytes < this.#spool.end || frames.length > 2 * lastBytes) return false;
      const log = bytes === 0 ? {} : { log: { offset: delivered.log, frames: frames.toString('base64') } };
      try {
        await this.#sendReport({ ...this.#withRefusals(last), ...log }, signal);
        return true;
      } catch (error) {
        if (!(error instanceof ApiProblem)) throw error;
        const { code, nextOffset } = error.problem;
        if (code !== 'offset_gap' && code !== 'too_large' && code !== 'bad_request') throw error;
        if (nextOffset === undefined || nextOffset === delivered.log) return false;
        journal.note({ type: 'delivered', log: Math.min(nextOffset, this.#spool.end) });
      }
    }
  }

  async #sendReports(signal: AbortSignal, which: 'running' | 'all'): Promise<void> {
    const { journal } = this.#directory;
    for (;;) {
      const { reports, delivered } = journal.state;
      const update = reports[delivered.reports];
      if (update === undefined || (which === 'running' && isTerminal(update.status))) return;
      await this.#sendReport(this.#withRefusals(update), signal);
      journal.note({ type: 'delivered', reports: delivered.reports + 1 });
      this.#acknowledged.resolve();
    }
  }

  async #sendReport(update: JobStatusUpdate, signal: AbortSignal): Promise<void> {
    try {
      const report = () => callWithin(callMs, signal, (limited) => this.#client.updateJobStatus(update, limited));
      await this.#retries.call(report, signal);
    } catch (error) {
      // It is past that state already: the answer to an earlier call was lost, or somebody canceled the job.
      if (error instanceof ApiProblem && error.problem.code === 'conflict') return;
      throw error;
    }
  }

  async #sendLog(signal: AbortSignal): Promise<void> {
    const { journal } = this.#directory;
    while (this.#logRefused === null) {
      const offset = journal.state.delivered.log;
      const { frames, bytes } = await this.#spool.read(offset, appendSize);
      if (bytes === 0) return;
      const next = await this.#append(offset, frames, signal);
      if (next === null) return;
      if (next === offset) throw new Error('the backend accepts no bytes of the log');
      journal.note({ type: 'delivered', log: Math.min(next, this.#spool.end) });
    }
  }

  /** Where to go on; null when the backend does not take this log. */
  async #append(offset: number, frames: Buffer, signal: AbortSignal): Promise<number | null> {
    try {
      const append = (limited: AbortSignal) => this.#client.appendLog(this.#caller, offset, frames, limited);
      return await this.#retries.call(() => callWithin(callMs, signal, append), signal);
    } catch (error) {
      if (!(error instanceof ApiProblem)) throw error;
      const { code, nextOffset } = error.problem;
      if (code === 'offset_gap' && nextOffset !== undefined) return nextOffset;
      if (code !== 'too_large' && code !== 'bad_request') throw error;
      this.#logRefused = error.message;
      return null;
    }
  }

  async #sendArtifact(signal: AbortSignal): Promise<void> {
    const { journal, artifactPath } = this.#directory;
    const { artifact, delivered } = journal.state;
    if (artifact === null || delivered.artifact || this.#artifactRefused !== null) return;
    const { name, size, sha256 } = artifact;
    let offset = 0;
    for (let mismatches = 0; ; ) {
      const start = offset;
      const end = Math.min(size, start + partSize);
      const part = () => ({
        name,
        size,
        sha256,
        offset: start,
        bytes: start === end ? noBytes() : createReadStream(artifactPath, { start, end: end - 1 }),
      });
      try {
        const upload = () => this.#client.uploadArtifact(this.#caller, part(), signal);
        const answer = await this.#retries.call(upload, signal);
        if (answer.complete) break;
        offset = answer.nextOffset;
      } catch (error) {
        if (!(error instanceof ApiProblem)) throw error;
        const { code, nextOffset } = error.problem;
        if (code === 'offset_gap' && nextOffset !== undefined && nextOffset !== offset) offset = nextOffset;
        else if (code === 'checksum_mismatch' && ++mismatches < checksumTries) offset = 0;
        else if (['checksum_mismatch', 'too_large', 'bad_request'].includes(code)) {
          this.#artifactRefused = error.message;
          return;
        } else throw error;
      }
    }
    journal.note({ type: 'delivered', artifact: true });
  }

  /** A job whose archive or log the backend does not take has not succeeded. */
  #withRefusals(update: JobStatusUpdate): JobStatusUpdate {
    const refused = this.#artifactRefused ?? this.#logRefused;
    if (refused === null || update.status !== 'SUCCESS') return update;
    const what = this.#artifactRefused === null ? 'log' : 'artifacts';
    return {
      ...update,
      status: 'FAILED',
      failureReason: 'system_failure',
      failureMessage: `the backend does not take the job's ${what}: ${refused}`,
    };
  }

  async #nextNews(signal: AbortSignal): Promise<void> {
    while (!this.#news) {
      await new Promise<void>((resolve, reject) => {
        const stop = () => reject(signal.reason);
        if (signal.aborted) return stop();
        signal.addEventListener('abort', stop, { once: true });
        this.#wake = () => {
          signal.removeEventListener('abort', stop);
          resolve();
        };
      });
    }
    this.#wake = null;
  }
}

async function* noBytes(): AsyncGenerator<Uint8Array> {}

function endOf(error: unknown, signal: AbortSignal): DeliveryEnd {
  if (signal.aborted) return { kind: 'stopped' };
  const reason = messageOf(error);
  if (error instanceof ApiProblem) {
    if (error.problem.code === 'stale_attempt') return { kind: 'stale', reason };
    if (error.problem.code === 'not_found') return { kind: 'unknown-job' };
  }
  return { kind: 'given-up', reason };
}
