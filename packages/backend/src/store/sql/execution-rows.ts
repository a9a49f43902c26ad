import { isoTime, type JobExecution, type PipelineExecution } from '@xx-pipeline/common';
import { dueAt } from '@xx-pipeline/pipeline-language';
import type { Assignment, ExecutionChange, LockedExecution } from '../ExecutionStore.ts';
import type { JobRowChange } from './ExecutionWriter.ts';
import type { JobTable } from './tables.ts';

/** The record as one JSON text; the jobs have rows of their own. */
export function executionText(execution: PipelineExecution): string {
  const { jobs: _, ...record } = execution;
  return JSON.stringify(record);
}

/** The row of a job of a new execution. */
export function newJobRow(
  { execution, definition, assignments }: LockedExecution,
  job: JobExecution,
  position: number,
): JobTable {
  return {
    ...jobRow(job, assignments.get(job.id)),
    execution_id: execution.id,
    position,
    repository: execution.source.repository,
    // A plan of an earlier version may lack them.
    tags: JSON.stringify(planOf(definition, job.name)?.tags ?? []),
  };
}

/** The rows of the jobs that a change has altered; objects that are identical are not compared. */
export function changedJobs<T>(before: LockedExecution, after: ExecutionChange<T>): JobRowChange[] {
  if (after.execution.id !== before.execution.id || after.execution.jobs.length !== before.execution.jobs.length) {
    throw new Error(`a change of execution ${before.execution.id} may neither replace it nor add or remove jobs`);
  }
  const changed: JobRowChange[] = [];
  for (const [position, job] of after.execution.jobs.entries()) {
    const old = before.execution.jobs[position];
    if (old?.id !== job.id) throw new Error(`a change of execution ${before.execution.id} may not reorder its jobs`);
    const assignment = after.assignments.get(job.id);
    if (isSame(old, job) && isSame(before.assignments.get(job.id), assignment)) continue;
    changed.push(jobRow(job, assignment));
  }
  return changed;
}

function isSame(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  return one !== undefined && other !== undefined && JSON.stringify(one) === JSON.stringify(other);
}

function jobRow(job: JobExecution, assignment: Assignment | undefined): JobRowChange {
  return {
    id: job.id,
    status: job.status,
    eligible_at: job.eligibleAt === null ? 0 : dueAt(job),
    record: JSON.stringify(job),
    worker_id: assignment?.workerId ?? null,
    attempt: assignment?.attempt ?? null,
    token_hash: assignment?.tokenHash ?? null,
    accepted: assignment?.accepted === true ? 1 : 0,
    lease_until: assignment?.leaseUntil ?? null,
    cancel_requested: assignment?.cancelRequested === true ? 1 : 0,
  };
}

// Backends of the version before this one may work on the same database: they store no callers, no cancellation and no
// notBefore, and keep those of others as they were. What they do know decides.

/** The record of a job from its row. */
export function storedJob({ record, eligible_at }: Pick<JobTable, 'record' | 'eligible_at'>): JobExecution {
  const job: JobExecution = JSON.parse(record);
  const isDelayed = job.eligibleAt !== null && eligible_at > Date.parse(job.eligibleAt);
  return { ...job, notBefore: isDelayed ? isoTime(eligible_at) : null, lastAction: job.lastAction ?? null };
}

/** The record of a run without its jobs. */
export function storedExecution(text: string): Omit<PipelineExecution, 'jobs'> {
  const record: PipelineExecution = JSON.parse(text);
  const { reason, completedAt, createdAt, createdBy = null, lastRetry = null } = record;
  const cancellation = reason === null ? null : (record.cancellation ?? { by: null, at: completedAt ?? createdAt });
  return { ...record, createdBy, cancellation, lastRetry };
}

function planOf(definition: LockedExecution['definition'], name: string) {
  for (const stage of definition.plan.stages) {
    for (const job of stage.jobs) if (job.name === name) return job;
  }
  return undefined;
}

/** A row's assignment; null when it has none. */
export function assignmentOf(
  row: Pick<JobTable, 'id' | 'worker_id' | 'attempt' | 'token_hash' | 'accepted' | 'lease_until' | 'cancel_requested'>,
): Assignment | null {
  if (row.worker_id === null) return null;
  return {
    jobId: row.id,
    attempt: row.attempt ?? 0,
    workerId: row.worker_id,
    tokenHash: row.token_hash ?? '',
    accepted: row.accepted === 1,
    leaseUntil: row.lease_until ?? 0,
    cancelRequested: row.cancel_requested === 1,
  };
}
