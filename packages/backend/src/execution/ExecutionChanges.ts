import type { Clock, PipelineExecution } from '@xx-pipeline/common';
import type { Wakeups } from '../events/Wakeups.ts';
import { logName } from '../logs/log-name.ts';
import type { ExecutionStore, LockedExecution } from '../store/ExecutionStore.ts';
import { ExecutionDraft } from './ExecutionDraft.ts';
import type { CancelNotice, ExecutionParts } from './execution-parts.ts';
import { PlanIndexes } from './PlanIndexes.ts';

/** What a change came to: its own result, and the record after it. */
export interface Changed<T> {
  readonly result: T;
  readonly execution: PipelineExecution;
}

/**
 * Runs decisions under an execution's lock and, once they are written, tells workers what they have to end and readers of
 * logs what has ended.
 */
export class ExecutionChanges {
  readonly #store: ExecutionStore;
  readonly #clock: Clock;
  readonly #tellCancel: (cancels: readonly CancelNotice[]) => void;
  readonly #wakeups: Pick<Wakeups, 'notify'>;
  readonly #indexes = new PlanIndexes();
  readonly #releaseListeners: ((workerId: string) => void)[] = [];

  constructor(parts: Pick<ExecutionParts, 'store' | 'clock' | 'tellCancel' | 'wakeups'>) {
    this.#store = parts.store;
    this.#clock = parts.clock;
    this.#tellCancel = parts.tellCancel;
    this.#wakeups = parts.wakeups;
  }

  /** Calls the listener with the worker of each attempt that a change of this process has ended or taken away. */
  onRelease(listener: (workerId: string) => void): void {
    this.#releaseListeners.push(listener);
  }

  /** The draft of what is stored, for reading or for a first write. */
  draft(current: LockedExecution): ExecutionDraft {
    const index = this.#indexes.of(current.definition.plan);
    return new ExecutionDraft(current, index, this.#clock.now());
  }

  /** Decides about one execution; null when there is none. `decide` may run more than once: the last run counts. */
  async change<T>(executionId: string, decide: (draft: ExecutionDraft) => T): Promise<Changed<T> | null> {
    const runs: { result: T; draft: ExecutionDraft }[] = [];
    await this.#store.change(executionId, (current) => {
      const draft = this.draft(current);
      runs.push({ result: decide(draft), draft });
      return draft.isChanged ? draft.change() : null;
    });
    const last = runs.at(-1);
    if (last === undefined) return null;
    const { result, draft } = last;
    for (const ended of draft.endedAttempts) this.#wakeups.notify(`log:${logName(ended)}`);
    for (const workerId of draft.released) for (const listener of this.#releaseListeners) listener(workerId);
    if (draft.cancels.length > 0) this.#tellCancel(draft.cancels);
    return { result, execution: draft.execution };
  }
}
