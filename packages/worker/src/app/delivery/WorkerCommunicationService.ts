import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type {
  ArtifactRef,
  Clock,
  DependencyState,
  ExecutionStatus,
  JobRequest,
  JobStatusUpdate,
} from '@xx-pipeline/common';
import { ApiProblem } from '@xx-pipeline/common/api';
import type { RetryPolicy } from '@xx-pipeline/service/http';
import type { DependencySource, JobArtifacts } from '../../execution/index.ts';
import type { AttemptFiles } from '../spool/AttemptFiles.ts';
import type { LogSpool } from '../spool/LogSpool.ts';
import { saveArchive } from '../spool/save-archive.ts';
import type { AttemptCaller, WorkerBackendClient } from '../WorkerBackendClient.ts';
import { AttemptDelivery, type DeliveryEnd } from './AttemptDelivery.ts';

/** What it works with. */
export interface CommunicationParts {
  /** null: there is no backend; whatever is told stays on this machine. */
  readonly client: WorkerBackendClient | null;
  readonly clock: Clock;
  /** A directory for downloads under way. */
  readonly scratch: string;
  /** For every call; transient failures do not reach the caller. */
  readonly retries: RetryPolicy;
}

// Made once: the way to where an error is made costs more than all else here.
const unfollowed = new Error('no longer followed');

/** An attempt whose news are on their way. */
interface Followed {
  readonly directory: AttemptFiles;
  readonly delivery: AttemptDelivery | null;
  readonly stop: AbortController;
}

/**
 * What a worker asks and tells the backend about its jobs. Asking is repeated with patience; telling goes through the
 * attempt's directory, so that nothing told is lost and nobody waits for the backend.
 */
export class WorkerCommunicationService implements DependencySource, JobArtifacts {
  readonly #client: WorkerBackendClient | null;
  readonly #clock: Clock;
  readonly #retries: RetryPolicy;
  readonly #scratch: string;
  readonly #followed = new Map<string, Followed>();

  constructor({ client, clock, scratch, retries }: CommunicationParts) {
    this.#client = client;
    this.#scratch = scratch;
    this.#clock = clock;
    this.#retries = retries;
  }

  /** Begins to deliver what an attempt's directory holds and will hold, until `unfollow`; resolves when that has ended. */
  async follow(directory: AttemptFiles, spool: LogSpool): Promise<DeliveryEnd> {
    const stop = new AbortController();
    const { jobId } = directory.job.request;
    const client = this.#client;
    const delivery =
      client === null
        ? null
        : new AttemptDelivery({ directory, spool, client, clock: this.#clock, retries: this.#retries });
    const followed: Followed = { directory, delivery, stop };
    // An attempt that takes another one's place: of the older one nothing is to be told any more.
    this.#followed.get(jobId)?.stop.abort(new Error('another attempt has taken its place'));
    this.#followed.set(jobId, followed);
    return delivery === null ? { kind: 'unknown-job' } : await delivery.run(stop.signal);
  }

  /** Resolves when the backend knows that the attempt runs here; at once where there is none. */
  async acknowledged({ job }: AttemptFiles): Promise<void> {
    await this.#followed.get(job.request.jobId)?.delivery?.acknowledged;
  }

  /** The attempt's log has grown. */
  logGrew(jobId: string): void {
    this.#followed.get(jobId)?.delivery?.wake();
  }

  /** Tells a status, in order with everything else about the attempt. A terminal one is the last word. */
  reportJobStatus(directory: AttemptFiles, update: JobStatusUpdate, last: boolean): void {
    directory.journal.note({ type: 'report', update });
    const delivery = this.#followed.get(update.jobId)?.delivery;
    if (last) delivery?.finish();
    else delivery?.wake();
  }

  /** The last word about an attempt stands in its directory already, from an earlier life. */
  reportFinished(jobId: string): void {
    this.#followed.get(jobId)?.delivery?.finish();
  }

  /** Stops telling about an attempt; what is not told stays on disk. */
  unfollow(directory: AttemptFiles): void {
    const { jobId } = directory.job.request;
    const followed = this.#followed.get(jobId);
    if (followed?.directory !== directory) return;
    followed.stop.abort(unfollowed);
    this.#followed.delete(jobId);
  }

  async getDependencies(jobId: string): Promise<readonly DependencyState[]> {
    const followed = this.#followed.get(jobId);
    if (followed === undefined) throw new Error(`no job ${jobId} here`);
    return await this.getJobDependencies(followed.directory.job.request, followed.stop.signal);
  }

  /** How far a job's dependencies are. Of a job the backend does not know, each is asked for by itself. */
  async getJobDependencies(request: JobRequest, signal: AbortSignal): Promise<readonly DependencyState[]> {
    const client = this.#client;
    if (client === null) throw new Error('there is no backend to ask for dependencies');
    const caller = callerOf(request);
    try {
      return await this.#retries.call(() => client.getJobDependencies(caller, signal), signal);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    return await Promise.all(
      (request.needs ?? []).map(async ({ jobId, jobName }) => {
        const status = await this.getJobStatus(request, jobId, signal);
        return { jobId, jobName, status, allowFailure: false };
      }),
    );
  }

  /** The status of a job, asked for on behalf of another one. */
  async getJobStatus(request: JobRequest, jobId: string, signal: AbortSignal): Promise<ExecutionStatus> {
    const client = this.#client;
    if (client === null) throw new Error('there is no backend to ask');
    return await this.#retries.call(() => client.getJobStatus(callerOf(request), jobId, signal), signal);
  }

  /** Stores an archive in the attempt's directory; it goes to the backend from there, before the terminal status. */
  async save(
    owner: { jobId: string; attempt: number; name: string },
    archive: AsyncIterable<Uint8Array>,
  ): Promise<ArtifactRef> {
    const followed = this.#followed.get(owner.jobId);
    if (followed === undefined) throw new Error(`no job ${owner.jobId} here`);
    const { journal, artifactPath } = followed.directory;
    const kept = journal.state.artifact;
    if (kept !== null) {
      await archive[Symbol.asyncIterator]().return?.();
      return kept;
    }
    const { size, sha256 } = await saveArchive(artifactPath, archive);
    const ref = { name: owner.name, path: `${owner.jobId}/${owner.attempt}/${owner.name}`, size, sha256 };
    journal.note({ type: 'artifact', ref });
    followed.delivery?.wake();
    return ref;
  }

  /** The archive of a needed job: fetched whole before it is read, so that a connection may break and be made again. */
  async open(jobId: string, readerId: string): Promise<AsyncIterable<Uint8Array> | null> {
    const client = this.#client;
    if (client === null) return null;
    // In the reader's name: others that need the same archive come and go.
    const reader = this.#followed.get(readerId);
    if (reader === undefined) throw new Error(`no job ${readerId} here`);
    const caller = callerOf(reader.directory.job.request);
    const { signal } = reader.stop;
    const path = join(this.#scratch, randomUUID());
    try {
      await this.#retries.call(async () => {
        await saveArchive(path, await client.downloadArtifacts(caller, jobId, signal));
      }, signal);
    } catch (error) {
      if (isNotFound(error)) return null;
      throw error;
    }
    return readAndRemove(path);
  }

  /** Stops all deliveries; what is not told stays on disk. */
  close(): void {
    for (const { directory } of [...this.#followed.values()]) this.unfollow(directory);
  }
}

const callerOf = (request: Pick<JobRequest, 'jobId' | 'attempt' | 'token'>): AttemptCaller => ({
  jobId: request.jobId,
  attempt: request.attempt,
  token: request.token,
});

async function* readAndRemove(path: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(path);
  } finally {
    await rm(path, { force: true });
  }
}

const isNotFound = (error: unknown) => error instanceof ApiProblem && error.problem.code === 'not_found';
