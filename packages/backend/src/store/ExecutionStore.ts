import type { ExecutionStatus, PipelineExecution, PipelinePlan } from '@xx-pipeline/common';
import type { PipelineVariable } from '@xx-pipeline/pipeline-language';

/** The source of an execution's files. */
export type ExecutionSource =
  | { readonly kind: 'empty' }
  | { readonly kind: 'snapshot'; readonly id: string }
  | { readonly kind: 'git'; readonly url: string; readonly commit: string };

/** The part of an execution that is written once. Values of secret variables are encrypted before they come here. */
export interface ExecutionDefinition {
  readonly plan: PipelinePlan;
  readonly source: ExecutionSource;
  readonly predefined: Readonly<Record<string, string>>;
  readonly variables: readonly PipelineVariable[];
  /** Manual jobs that were played with the creation; absent = none. */
  readonly playedJobs?: readonly string[];
}

/**
 * The worker of the current attempt of a job, from being chosen until the attempt is terminal.
 * The row is the queue's memory: it is removed only when the attempt has ended or is taken away.
 */
export interface Assignment {
  readonly jobId: string;
  readonly attempt: number;
  readonly workerId: string;
  /** SHA-256 of the attempt's fencing token, hex. */
  readonly tokenHash: string;
  /** The worker has accepted the job. */
  readonly accepted: boolean;
  /** Server clock, ms; without a heartbeat until then the attempt is lost. */
  readonly leaseUntil: number;
  /** A person asked for the end of this attempt. */
  readonly cancelRequested: boolean;
}

/** One execution as a change sees it, under its lock. */
export interface LockedExecution {
  readonly execution: PipelineExecution;
  readonly definition: ExecutionDefinition;
  /** By job id; jobs without one are absent. */
  readonly assignments: ReadonlyMap<string, Assignment>;
}

/** An event for clients that follow a run; numbered by the store. */
export interface ExecutionEvent {
  readonly type: 'job-changed' | 'execution-changed' | 'finished';
  /** JSON: the job record, or the execution without stages' jobs. */
  readonly data: unknown;
}

/** The result of a change. Objects that are identical to the ones before are not written again. */
export interface ExecutionChange<T> {
  readonly execution: PipelineExecution;
  readonly assignments: ReadonlyMap<string, Assignment>;
  readonly events: readonly ExecutionEvent[];
  readonly result: T;
}

/** A job that waits for a worker. */
export interface PendingJob {
  readonly jobId: string;
  readonly executionId: string;
  readonly repository: string;
  /** ms; the longest waiting first. */
  readonly eligibleAt: number;
  /** Labels a worker must have. */
  readonly tags: readonly string[];
}

/** Waiting jobs that are left out of a search. */
export interface SkippedJobs {
  /** Jobs that ask for exactly one of these sets of labels. */
  readonly tags: readonly (readonly string[])[];
  /** Runs whose jobs are not left out because of their labels. */
  readonly anyTags: readonly string[];
  /** Runs all of whose jobs are left out. */
  readonly executions: readonly string[];
}

/** Which executions a list shows. */
export interface ExecutionFilter {
  readonly repository?: string;
  readonly pipeline?: string;
  readonly run?: number;
  readonly status?: ExecutionStatus;
  readonly limit: number;
  readonly cursor?: string;
}

/** A record without stages and jobs. */
export type ExecutionSummary = Omit<PipelineExecution, 'stages' | 'jobs'>;

/**
 * Executions with their jobs, assignments and events: the truth about every run. What a call has acknowledged
 * survives a kill of the process and of the database.
 *
 * `change` is the only way to alter an execution: read, decide, write in one transaction under the execution's lock, so
 * decisions are pure functions of what is stored, whichever of several backends makes them.
 */
export interface ExecutionStore {
  /**
   * Writes a new execution. Its run number is given in the same transaction (next per repository and pipeline).
   * The same idempotency key again gives the first execution, unchanged.
   */
  create(
    make: (runNumber: number) => { execution: PipelineExecution; definition: ExecutionDefinition },
    key: { repository: string; pipeline: string; idempotencyKey: string | null },
  ): Promise<{ execution: PipelineExecution; isNew: boolean }>;

  /**
   * Runs `decide` under the lock of one execution and writes what it returns; null when there is no such execution.
   * `decide` may run again after a serialization failure, so it must have no effect of its own. It may return null
   * for "nothing to change", then `change` gives null too.
   */
  change<T>(executionId: string, decide: (current: LockedExecution) => ExecutionChange<T> | null): Promise<T | null>;

  /** The record and what it was made from. */
  find(executionId: string): Promise<LockedExecution | null>;

  /** The execution a job belongs to. */
  executionOfJob(jobId: string): Promise<string | null>;

  /** Newest first. */
  list(filter: ExecutionFilter): Promise<{ executions: ExecutionSummary[]; nextCursor: string | null }>;

  /**
   * Up to `limit` jobs that wait for a worker and have none, taken in turn from the repositories that have the
   * fewest jobs running (a repository with much work does not keep others waiting).
   */
  pendingJobs(limit: number, skipped?: SkippedJobs): Promise<PendingJob[]>;

  /** Assignments whose lease has run out. */
  expiredAssignments(now: number): Promise<{ executionId: string; assignment: Assignment }[]>;

  /** Assignments of one worker, with the execution each belongs to. */
  assignmentsOf(workerId: string): Promise<{ executionId: string; assignment: Assignment }[]>;

  /** Renews the leases of attempts that are still assigned with these tokens, and returns those, with what is to be canceled. */
  renewLeases(
    workerId: string,
    attempts: readonly { jobId: string; attempt: number; tokenHash: string }[],
    leaseUntil: number,
  ): Promise<{ renewed: { jobId: string; attempt: number; cancelRequested: boolean }[] }>;

  /** Ids of executions that are not terminal and not waiting for a person, for the watchdog. */
  liveExecutions(): Promise<string[]>;

  /** Events of an execution with numbers above `after`, oldest first. */
  eventsAfter(
    executionId: string,
    after: number,
    limit: number,
  ): Promise<{ id: number; event: ExecutionEvent; at: number }[]>;
}
