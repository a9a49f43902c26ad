import {
  isoTime,
  isTerminal,
  type JobAttempt,
  type JobExecution,
  type JobPlan,
  type PipelineExecution,
} from '@xx-pipeline/common';
import {
  type ExecutionHead,
  ExecutionRecord,
  type JobDecision,
  nextJobs,
  type PlanIndex,
} from '@xx-pipeline/pipeline-language';
import type { LogKey } from '../logs/LogStore.ts';
import type {
  Assignment,
  ExecutionChange,
  ExecutionDefinition,
  ExecutionEvent,
  LockedExecution,
} from '../store/ExecutionStore.ts';
import type { CancelNotice } from './execution-parts.ts';

/**
 * An execution while a decision about it is made: the stored state, and what it becomes. Made inside
 * `ExecutionStore.change`, and touches nothing outside itself.
 */
export class ExecutionDraft {
  readonly definition: ExecutionDefinition;
  readonly index: PlanIndex;
  /** Server clock, ms. */
  readonly now: number;
  /** The same, ISO 8601. */
  readonly at: string;
  readonly #before: LockedExecution;
  #record: ExecutionRecord | null = null;
  #assignments: Map<string, Assignment> | null = null;
  readonly #cancels: CancelNotice[] = [];
  #tellsEnd = false;

  constructor(current: LockedExecution, index: PlanIndex, now: number) {
    this.#before = current;
    this.definition = current.definition;
    this.index = index;
    this.now = now;
    this.at = isoTime(now);
  }

  get execution(): PipelineExecution {
    return this.#record?.snapshot() ?? this.#before.execution;
  }

  /** The record without stages and jobs, at no cost. */
  get head(): ExecutionHead {
    return this.#record?.head ?? this.#before.execution;
  }

  /** The records, to be changed. */
  get record(): ExecutionRecord {
    this.#record ??= new ExecutionRecord(this.#before.execution, this.index);
    return this.#record;
  }

  get assignments(): ReadonlyMap<string, Assignment> {
    return this.#assignments ?? this.#before.assignments;
  }

  /** A caller ends the whole run. */
  get isEnding(): boolean {
    return this.head.cancellation !== null;
  }

  /** The records of all jobs, in order of the plan. */
  get jobs(): readonly JobExecution[] {
    return this.#record?.jobs ?? this.#before.execution.jobs;
  }

  job(jobId: string): JobExecution {
    if (this.#record !== null) return this.#record.job(jobId);
    const { id, jobs } = this.#before.execution;
    const job = jobs.find((one) => one.id === jobId);
    if (job === undefined) throw new Error(`pipeline execution ${id} has no job ${jobId}`);
    return job;
  }

  /** The record of a job of the plan. */
  jobNamed(name: string): JobExecution {
    const job = this.jobs[this.index.numberOf.get(name) ?? -1];
    if (job === undefined) throw new Error(`pipeline execution ${this.#before.execution.id} has no job "${name}"`);
    return job;
  }

  planOf(job: JobExecution): JobPlan {
    const plan = this.index.jobs[this.index.numberOf.get(job.name) ?? -1];
    if (plan === undefined) throw new Error(`the plan has no job "${job.name}"`);
    return plan;
  }

  assign(assignment: Assignment): void {
    this.#assignments ??= new Map(this.#before.assignments);
    this.#assignments.set(assignment.jobId, assignment);
  }

  unassign(jobId: string): void {
    if (!this.assignments.has(jobId)) return;
    this.#assignments ??= new Map(this.#before.assignments);
    this.#assignments.delete(jobId);
  }

  /** The worker of each attempt that is no longer assigned. */
  get released(): readonly string[] {
    const after = this.#assignments;
    if (after === null) return [];
    const workers: string[] = [];
    for (const [jobId, { workerId }] of this.#before.assignments) if (!after.has(jobId)) workers.push(workerId);
    return workers;
  }

  /** Asks the worker of an attempt to end it, once the change is written. */
  tellCancel({ workerId, jobId, attempt }: Assignment): void {
    this.#cancels.push({ workerId, jobId, attempt });
  }

  /** Sends `finished` to clients that follow the run, for a run that was created without anything to do. */
  tellEnd(): void {
    this.#tellsEnd = true;
  }

  /** Decides what is due now; decisions about later jobs see those about earlier ones. */
  decide(): JobDecision[] {
    return nextJobs(this.index, this.jobs);
  }

  /** Something is to be written. */
  get isChanged(): boolean {
    return this.execution !== this.#before.execution || this.#assignments !== null || this.#tellsEnd;
  }

  /** For the store. */
  change(): ExecutionChange<null> {
    return { execution: this.execution, assignments: this.assignments, events: this.events, result: null };
  }

  /** The parts of a new execution that are written. */
  created(): { execution: PipelineExecution; definition: ExecutionDefinition } {
    return { execution: this.execution, definition: this.definition };
  }

  /** Sent to workers once the change is written; lost if the process dies, so never more than a hint. */
  get cancels(): readonly CancelNotice[] {
    return this.#cancels;
  }

  /** Attempts that this change has ended; of a job that ends between two attempts the one that never started. */
  get endedAttempts(): LogKey[] {
    const before = this.#before.execution.jobs;
    if (this.execution.jobs === before) return [];
    return this.execution.jobs.flatMap((job, number): LogKey[] => {
      const was = before[number];
      if (job === was || was === undefined) return [];
      const isNew = ({ status }: JobAttempt, index: number) =>
        isTerminal(status) && !isTerminal(was.attempts[index]?.status ?? 'PENDING');
      const ended = job.attempts.filter(isNew).map((attempt) => ({ jobId: job.id, attempt: attempt.number }));
      if (ended.length > 0 || !isTerminal(job.status) || isTerminal(was.status)) return ended;
      return [{ jobId: job.id, attempt: (job.attempts.at(-1)?.number ?? 0) + 1 }];
    });
  }

  get events(): ExecutionEvent[] {
    const before = this.#before.execution;
    const after = this.execution;
    const events = after.jobs.flatMap((job, number): ExecutionEvent[] =>
      job === before.jobs[number] ? [] : [{ type: 'job-changed', data: shownJob(job) }],
    );
    const { jobs: _, ...head } = after;
    if (!isSameHead(before, after)) events.push({ type: 'execution-changed', data: head });
    const hasEnded = isTerminal(after.status) && !isTerminal(before.status);
    if (hasEnded || this.#tellsEnd) events.push({ type: 'finished', data: head });
    return events;
  }
}

/** A job's record without what is not shown. */
export function shownJob(job: JobExecution): JobExecution {
  if (job.playVariables === undefined) return job;
  const { playVariables: _, ...shown } = job;
  return shown;
}

/** A run's record without what is not shown. */
export function shownExecution(execution: PipelineExecution): PipelineExecution {
  if (execution.jobs.every((job) => job.playVariables === undefined)) return execution;
  return { ...execution, jobs: execution.jobs.map(shownJob) };
}

type HeadField = Exclude<keyof ExecutionHead, 'source'>;

function isSameHead(before: PipelineExecution, after: PipelineExecution): boolean {
  const isSame = (key: HeadField) => before[key] === after[key];
  return (
    isSame('status') &&
    isSame('warnings') &&
    isSame('reason') &&
    isSame('cancellation') &&
    isSame('lastRetry') &&
    isSame('startedAt') &&
    isSame('completedAt') &&
    before.stages.every((stage, number) => stage === after.stages[number])
  );
}
