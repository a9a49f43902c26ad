import type { ArtifactRef, ExecutionStatus, JobExecution, JobStatusUpdate, Result } from '@xx-pipeline/common';
import type { Problem } from '@xx-pipeline/common/api';
import type { PipelineVariable } from '@xx-pipeline/pipeline-language';
import type { Caller } from './Caller.ts';
import type { ExecutionParts } from './execution-parts.ts';

/** Where a job stands that another one waits for. */
export interface DependencyState {
  readonly jobId: string;
  readonly jobName: string;
  readonly status: ExecutionStatus;
  readonly allowFailure: boolean;
}

/** An attempt that a token speaks for. */
export interface AuthorizedAttempt {
  readonly executionId: string;
  readonly jobId: string;
  readonly attempt: number;
  /** The worker is to end it: to be said in every answer (header `XX-Job-Cancel: 1`). */
  readonly cancelRequested: boolean;
}

/** What became of an update. */
export interface JobStatusAnswer {
  readonly jobId: string;
  /** Now. */
  readonly status: ExecutionStatus;
  readonly cancelRequested: boolean;
}

/** One job: what workers tell of it, what people do with it. */
export class JobExecutionService {
  readonly #parts: ExecutionParts;

  constructor(parts: ExecutionParts) {
    this.#parts = parts;
  }

  /**
   * Takes in what has become of a job; the same update twice is one. Callers of kind `attempt` need no check before:
   * token and attempt are checked here, also against `update.token`.
   */
  async updateJobExecutionStatus(_update: JobStatusUpdate, _caller: Caller): Promise<Result<JobStatusAnswer, Problem>> {
    throw new Error(`not yet ${this.#parts.server.version}`);
  }

  /** The record of a job. */
  async getJob(_jobId: string): Promise<Result<JobExecution & { readonly pipelineExecutionId: string }, Problem>> {
    throw new Error('not yet');
  }

  /** Its status and the number of its current attempt (0 before the first). */
  async getStatus(
    _jobId: string,
  ): Promise<Result<{ readonly jobId: string; readonly status: ExecutionStatus; readonly attempt: number }, Problem>> {
    throw new Error('not yet');
  }

  /** How far the jobs are that this one waits for. */
  async getDependencies(_jobId: string): Promise<Result<DependencyState[], Problem>> {
    throw new Error('not yet');
  }

  /** A person starts a manual job, or a delayed one before its time. */
  async playJob(_jobId: string, _variables: readonly PipelineVariable[]): Promise<Result<JobExecution, Problem>> {
    throw new Error('not yet');
  }

  /** A person runs a finished job again. */
  async retryJob(_jobId: string): Promise<Result<JobExecution, Problem>> {
    throw new Error('not yet');
  }

  /** A person cancels one job; a finished one stays as it is. */
  async cancelJob(_jobId: string): Promise<Result<JobExecution, Problem>> {
    throw new Error('not yet');
  }

  /**
   * Whether a token speaks for the current attempt of the job it names (`stale_attempt` when that has passed on).
   * For routes about one job give its id (and the attempt named in the query): another job is `forbidden`.
   */
  async authorizeAttempt(
    _token: string,
    _claim: { readonly jobId?: string; readonly attempt?: number | undefined } = {},
  ): Promise<Result<AuthorizedAttempt, Problem>> {
    throw new Error('not yet');
  }

  /** Whether an attempt may read the artifacts and state of another job: its own, or one its job depends on. */
  async mayRead(_attempt: AuthorizedAttempt, _jobId: string): Promise<boolean> {
    throw new Error('not yet');
  }

  /** The attempt that a person's or worker's call without token is about: the named one if it exists, else the current one. */
  async resolveAttempt(_jobId: string, _attempt: number | undefined): Promise<Result<number, Problem>> {
    throw new Error('not yet');
  }

  /** Notes a stored archive in the record of its attempt; the same one twice is one. */
  async recordArtifact(_jobId: string, _attempt: number, _ref: ArtifactRef): Promise<Result<null, Problem>> {
    throw new Error('not yet');
  }
}
