import type { Clock, PipelineExecution, PipelinePlan } from '@xx-pipeline/common';
import { indexPlan, type PlanIndex } from '@xx-pipeline/pipeline-language';
import type { Wakeups } from '../events/Wakeups.ts';
import { logName } from '../logs/log-name.ts';
import type { ExecutionEvent, ExecutionStore, LockedExecution } from '../store/ExecutionStore.ts';
import { ExecutionDraft } from './ExecutionDraft.ts';
import type { CancelNotice, ExecutionParts } from './execution-parts.ts';

/** The result of a change, and the record after it. */
export interface Changed<T> {
  readonly result: T;
  readonly execution: PipelineExecution;
}

/** Gets what a change of this process has written, and the record before it. */
export type ChangeListener = (before: PipelineExecution, events: readonly ExecutionEvent[]) => void;

/**
 * Runs decisions under an execution's lock. Once they are written, notifies workers of attempts they have to end, and
 * readers of logs that have ended.
 */
export class ExecutionChanges {
  readonly #store: ExecutionStore;
  readonly #clock: Clock;
  readonly #tellCancel: (cancels: readonly CancelNotice[]) => void;
  readonly #wakeups: Pick<Wakeups, 'notify'>;
  /** Of each plan in memory: a plan never changes, and indexing it costs more than most decisions. */
  readonly #indexes = new WeakMap<PipelinePlan, PlanIndex>();
  readonly #releaseListeners: ((workerId: string) => void)[] = [];
  readonly #changeListeners: ChangeListener[] = [];

  constructor(parts: Pick<ExecutionParts, 'stores' | 'clock' | 'hints'>) {
    this.#store = parts.stores.executions;
    this.#clock = parts.clock;
    this.#tellCancel = parts.hints.tellCancel;
    this.#wakeups = parts.hints.wakeups;
  }

  /** Calls the listener with the worker of each attempt that a change of this process has ended or taken away. */
  onRelease(listener: (workerId: string) => void): void {
    this.#releaseListeners.push(listener);
  }

  /** Calls the listener after each change of this process. */
  onChange(listener: ChangeListener): void {
    this.#changeListeners.push(listener);
  }

  /** The draft of a stored record, for reading or for a first write. */
  draft(current: LockedExecution): ExecutionDraft {
    return new ExecutionDraft(current, this.#indexOf(current.definition.plan), this.#clock.now());
  }

  /** The draft of an execution, or of the one that a job belongs to, for reading; null when there is none. */
  async read(which: { readonly executionId: string } | { readonly jobId: string }): Promise<ExecutionDraft | null> {
    const executionId = 'jobId' in which ? await this.#store.executionOfJob(which.jobId) : which.executionId;
    const found = executionId === null ? null : await this.#store.find(executionId);
    return found === null ? null : this.draft(found);
  }

  /** Decides about the execution of a job; null when there is no such job. */
  async changeJob<T>(jobId: string, decide: (draft: ExecutionDraft) => T): Promise<Changed<T> | null> {
    const executionId = await this.#store.executionOfJob(jobId);
    return executionId === null ? null : this.change(executionId, decide);
  }

  /** Decides about one execution; null when there is none. `decide` may run more than once: the last run counts. */
  async change<T>(executionId: string, decide: (draft: ExecutionDraft) => T): Promise<Changed<T> | null> {
    const runs: { result: T; draft: ExecutionDraft; before: PipelineExecution; events: readonly ExecutionEvent[] }[] =
      [];
    await this.#store.change(executionId, (current) => {
      const draft = this.draft(current);
      const result = decide(draft);
      const change = draft.isChanged ? draft.change() : null;
      runs.push({ result, draft, before: current.execution, events: change?.events ?? [] });
      return change;
    });
    const last = runs.at(-1);
    if (last === undefined) return null;
    const { result, draft, before, events } = last;
    for (const listener of this.#changeListeners) listener(before, events);
    for (const ended of draft.endedAttempts) this.#wakeups.notify(`log:${logName(ended)}`);
    for (const workerId of draft.released) for (const listener of this.#releaseListeners) listener(workerId);
    if (draft.cancels.length > 0) this.#tellCancel(draft.cancels);
    return { result, execution: draft.execution };
  }

  #indexOf(plan: PipelinePlan): PlanIndex {
    const known = this.#indexes.get(plan);
    if (known !== undefined) return known;
    const index = indexPlan(plan);
    this.#indexes.set(plan, index);
    return index;
  }
}
