import type { ExecutionStatus } from '@xx-pipeline/common';
import type { PendingJob, SkippedJobs } from '../ExecutionStore.ts';
import type { changingJobColumns, DefinitionTable, ExecutionTable, JobTable, PlanTable } from './tables.ts';

/** All rows of a new execution. */
export interface NewExecutionRows {
  readonly execution: ExecutionTable;
  readonly definition: DefinitionTable;
  /** null when it is known to be there. */
  readonly plan: PlanTable | null;
  readonly jobs: readonly JobTable[];
}

/** The part of a job's row that may change. */
export type JobRowChange = Pick<JobTable, 'id' | keyof typeof changingJobColumns>;

/** One event to append. */
interface EventRow {
  readonly type: 'job-changed' | 'execution-changed' | 'finished';
  readonly data: string;
}

/** The rows that one change of an execution writes. */
export interface ChangeRows {
  readonly executionId: string;
  /** The version it was decided on. */
  readonly version: number;
  /** null: the record stays as it is. */
  readonly execution: { readonly status: ExecutionStatus; readonly record: string } | null;
  readonly jobs: readonly JobRowChange[];
  readonly events: readonly EventRow[];
  readonly at: number;
}

/** Writes of one execution that were decided one on the other. */
export interface WriteChain {
  /** One of them was not stored; those behind it must not be. */
  isBroken: boolean;
}

/** The pipeline whose execution is created. */
export interface CreationKey {
  readonly repository: string;
  readonly pipeline: string;
  readonly idempotencyKey: string | null;
}

/** An attempt as a worker claims it. */
export interface AttemptClaim {
  readonly jobId: string;
  readonly attempt: number;
  readonly tokenHash: string;
}

/** The statements that are run too often, or differ too much between databases, for a query builder. */
export interface ExecutionWriter {
  /**
   * In one transaction: gives the next run number, writes the rows made from it and returns what was made. When the
   * key was used before, nothing is written and the id of the first execution returned.
   */
  insert<T extends NewExecutionRows>(
    key: CreationKey,
    make: (runNumber: number) => T,
  ): Promise<{ readonly existing: string } | { readonly made: T }>;
  /**
   * Writes all of it in one transaction if the execution still has that version, else nothing (false), and the chain is
   * broken. Changes of one execution are written in the order of the calls; nothing of a chain that is broken by then.
   */
  apply(change: ChangeRows, chain: WriteChain): Promise<boolean>;
  /** Renews what is still assigned to the worker with these tokens; raises the versions of the executions concerned. */
  renewLeases(
    workerId: string,
    claims: readonly AttemptClaim[],
    leaseUntil: number,
  ): Promise<{ jobId: string; attempt: number; cancelRequested: boolean }[]>;
  /** The stored version of an execution; null when there is none. */
  versionOf(executionId: string): Promise<number | null>;
  /** The execution a job belongs to; null when there is no such job. */
  executionOfJob(jobId: string): Promise<string | null>;
  /** See `ExecutionStore.pendingJobs`. */
  pendingJobs(limit: number, now: number, skipped: SkippedJobs): Promise<PendingJob[]>;
}
