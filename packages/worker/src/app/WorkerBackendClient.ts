import type { DependencyState, ExecutionStatus, JobStatusUpdate, UpcomingJob } from '@xx-pipeline/common';
import {
  type ApiClient,
  type ApiTransport,
  type Checked,
  createApiClient,
  type Given,
  type heartbeatAnswerSchema,
  type heartbeatSchema,
  logFramesMediaType,
  type pollSchema,
  type registeredWorkerSchema,
  type registerWorkerSchema,
  type reserveExecutionSchema,
} from '@xx-pipeline/common/api';
import { type PolledJobs, readPollAnswer, workerCalls } from './read-poll-answer.ts';

/** The attempt a call is about; with its own token where it has one. */
export interface AttemptCaller {
  readonly jobId: string;
  readonly attempt: number;
  readonly token?: string | undefined;
}

/** A part of an artifact archive. */
export interface ArtifactPart {
  readonly name: string;
  readonly size: number;
  readonly sha256: string;
  readonly offset: number;
  readonly bytes: AsyncIterable<Uint8Array>;
}

type Registration = Given<typeof registerWorkerSchema>;
type HeartbeatAnswer = Checked<typeof heartbeatAnswerSchema>;

/**
 * The backend as workers call it: one method per operation, one attempt per call, no policy. Errors are those of
 * `createApiClient`.
 */
export class WorkerBackendClient {
  readonly #api: ApiClient<typeof workerCalls>;

  constructor(options: { readonly transport: ApiTransport; readonly token: string | null }) {
    this.#api = createApiClient(workerCalls, options);
  }

  async getJobDependencies(caller: AttemptCaller, signal?: AbortSignal): Promise<readonly DependencyState[]> {
    const { jobId, token } = caller;
    return (await this.#api.getJobDependencies({ params: { jobId } }, { signal, token })).body.dependencies;
  }

  async getUpcomingJobs(caller: AttemptCaller, limit: number, signal?: AbortSignal): Promise<readonly UpcomingJob[]> {
    const { jobId, token } = caller;
    const answer = await this.#api.getUpcomingJobs({ params: { jobId }, query: { limit } }, { signal, token });
    return answer.body.jobs;
  }

  async getJobStatus(caller: AttemptCaller, jobId: string, signal?: AbortSignal): Promise<ExecutionStatus> {
    return (await this.#api.getJobStatus({ params: { jobId } }, { signal, token: caller.token })).body.status;
  }

  async updateJobStatus(update: JobStatusUpdate, signal?: AbortSignal): Promise<void> {
    await this.#api.updateJobStatus({ body: update }, { signal, token: update.token });
  }

  /** Appends whole log frames whose first payload byte has this offset; resolves with the next offset. */
  async appendLog(caller: AttemptCaller, offset: number, frames: Uint8Array, signal?: AbortSignal): Promise<number> {
    const { jobId, attempt, token } = caller;
    const answer = await this.#api.appendLog(
      { params: { jobId }, query: { attempt, offset }, body: frames, contentType: logFramesMediaType },
      { signal, token },
    );
    return answer.body.nextOffset;
  }

  async uploadArtifact(
    caller: AttemptCaller,
    part: ArtifactPart,
    signal?: AbortSignal,
  ): Promise<{ complete: boolean; nextOffset: number }> {
    const { jobId, attempt, token } = caller;
    const { bytes, ...query } = part;
    const answer = await this.#api.uploadArtifact(
      { query: { jobId, attempt, ...query }, body: bytes },
      { signal, token },
    );
    return answer.body;
  }

  async downloadArtifacts(
    caller: AttemptCaller,
    jobId: string,
    signal?: AbortSignal,
  ): Promise<AsyncIterable<Uint8Array>> {
    return (await this.#api.downloadArtifacts({ params: { jobId } }, { signal, token: caller.token })).body;
  }

  async downloadSnapshot(sha256: string, signal?: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    return (await this.#api.downloadSnapshot({ params: { sha256 } }, { signal })).body;
  }

  async reserveExecution(
    id: string,
    worker: Given<typeof reserveExecutionSchema>,
    signal?: AbortSignal,
  ): Promise<{ pipelineExecutionId: string; jobs: number }> {
    return (await this.#api.reserveExecution({ params: { id }, body: worker }, { signal })).body;
  }

  async register(worker: Registration, signal?: AbortSignal): Promise<Checked<typeof registeredWorkerSchema>> {
    return (await this.#api.registerWorker({ body: worker }, { signal })).body;
  }

  async heartbeat(beat: Given<typeof heartbeatSchema>, signal?: AbortSignal): Promise<HeartbeatAnswer> {
    return (await this.#api.heartbeat({ body: beat }, { signal })).body;
  }

  async poll(poll: Given<typeof pollSchema>, signal?: AbortSignal): Promise<PolledJobs> {
    return readPollAnswer((await this.#api.pollJobs({ body: poll }, { signal })).body);
  }

  async drain(workerId: string, signal?: AbortSignal): Promise<void> {
    await this.#api.drainWorker({ params: { workerId } }, { signal });
  }
}
