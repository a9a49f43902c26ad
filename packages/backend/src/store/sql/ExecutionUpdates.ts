import type { Clock } from '@xx-pipeline/common';
import type { Wakeups } from '../../events/Wakeups.ts';
import { KeyedQueue } from '../../storage/KeyedQueue.ts';
import { StorageError } from '../../storage/StorageError.ts';
import type { ExecutionChange, LockedExecution } from '../ExecutionStore.ts';
import { ExecutionChain } from './ExecutionChain.ts';
import type { ExecutionLoader, LoadedExecution } from './ExecutionLoader.ts';
import type { ChangeRows, ExecutionWriter } from './ExecutionWriter.ts';
import { changedJobs, executionText } from './execution-rows.ts';

/** Each try fails because another change came first, which is progress: far beyond any real contention. */
const maxTries = 200;

type Decide<T> = (current: LockedExecution) => ExecutionChange<T> | null;

/** The result of a decision, and the condition under which it counts. */
type Step<T> =
  | { readonly kind: 'missing' }
  /** Decided on a state that is the stored one if `holds` says so. */
  | { readonly kind: 'decided'; readonly result: T | null; readonly holds: () => Promise<boolean> }
  | { readonly kind: 'failed'; readonly error: unknown; readonly holds: () => Promise<boolean> };

/**
 * Changes executions. A change is decided on what is known of the execution and written on the condition that its
 * version is still the same; otherwise it is read and decided again. A backend decides its changes of one execution one
 * after the other, but each on the one before, without waiting until that is on the disk:
 *
 *   on its way, remembered or loaded --> decide --> write if version is the same --yes--> remember, wake up
 *            ^------------------ load <--------------------------------------no
 */
export class ExecutionUpdates {
  readonly #loader: ExecutionLoader;
  readonly #writer: ExecutionWriter;
  readonly #wakeups: Wakeups;
  readonly #clock: Clock;
  readonly #turns = new KeyedQueue();
  readonly #chains = new Map<string, ExecutionChain>();

  constructor(loader: ExecutionLoader, writer: ExecutionWriter, wakeups: Wakeups, clock: Clock) {
    this.#loader = loader;
    this.#writer = writer;
    this.#wakeups = wakeups;
    this.#clock = clock;
  }

  async change<T>(executionId: string, decide: Decide<T>): Promise<T | null> {
    for (let tries = 0; tries < maxTries; tries++) {
      const step = await this.#turns.run(executionId, () => this.#decide(executionId, decide, tries > 0));
      if (step.kind === 'missing') return null;
      if (await step.holds()) {
        if (step.kind === 'failed') throw step.error;
        return step.result;
      }
      // Contention: let the others finish instead of making each other repeat.
      if (tries > 2) await this.#clock.sleep(Math.random() * Math.min(tries, 20));
    }
    throw new StorageError('busy', `too many concurrent changes of execution ${executionId}`);
  }

  /** Resolves when the changes that are under way now are stored, or known not to be. */
  async settled(executionId: string): Promise<void> {
    await this.#turns.done(executionId);
    await this.#chains.get(executionId)?.stored;
  }

  async #decide<T>(executionId: string, decide: Decide<T>, isRepeated: boolean): Promise<Step<T>> {
    const underway = this.#chains.get(executionId);
    const chain = underway?.isBroken === false ? underway : undefined;
    const known = chain?.latest ?? (isRepeated ? undefined : this.#loader.remembered(executionId));
    const loaded = known ?? (await this.#loader.load(executionId));
    if (loaded === null) return { kind: 'missing' };
    const before = chain?.stored;
    const holds = async () => {
      if (before !== undefined) return await before;
      return known === undefined || (await this.#loader.isCurrent(loaded));
    };
    let change: ExecutionChange<T> | null;
    try {
      change = decide(loaded.locked);
    } catch (error) {
      // What was known may have been too old to make sense.
      return { kind: 'failed', error, holds };
    }
    const write = change === null ? null : this.#rowsOf(loaded, change);
    if (change === null || write === null) return { kind: 'decided', result: change?.result ?? null, holds };
    const stored = this.#write(loaded, write, change, chain ?? new ExecutionChain(loaded));
    return { kind: 'decided', result: change.result, holds: () => stored };
  }

  #write(
    { version, text, locked }: LoadedExecution,
    write: ChangeRows,
    { execution, assignments }: ExecutionChange<unknown>,
    chain: ExecutionChain,
  ): Promise<boolean> {
    const { executionId } = write;
    const after = {
      version: version + 1,
      text: write.execution?.record ?? text,
      locked: { execution, definition: locked.definition, assignments },
    };
    this.#chains.set(executionId, chain);
    const stored = chain.add(after, () => this.#writer.apply(write, chain));
    return stored
      .then((isStored) => {
        if (isStored) {
          this.#loader.remember(after);
          this.#wake(locked, write);
        } else this.#loader.forget(executionId);
        return isStored;
      })
      .catch((error: unknown) => {
        // It may have been written nevertheless.
        this.#loader.forget(executionId);
        throw error;
      })
      .finally(() => {
        if (chain.isOver && this.#chains.get(executionId) === chain) this.#chains.delete(executionId);
      });
  }

  /** null when there is nothing to write. */
  #rowsOf<T>({ locked, text, version }: LoadedExecution, change: ExecutionChange<T>): ChangeRows | null {
    const jobs = changedJobs(locked, change);
    const record = change.execution === locked.execution ? text : executionText(change.execution);
    if (jobs.length === 0 && record === text && change.events.length === 0) return null;
    return {
      executionId: locked.execution.id,
      version,
      execution: record === text ? null : { status: change.execution.status, record },
      jobs,
      events: change.events.map(({ type, data }) => ({ type, data: JSON.stringify(data ?? null) })),
      at: this.#clock.now(),
    };
  }

  #wake(before: LockedExecution, { executionId, jobs }: ChangeRows): void {
    this.#wakeups.notify(`execution:${executionId}`);
    // A job that waits, or a slot that is free again.
    const isForScheduler = jobs.some(
      (job) => job.worker_id === null && (job.status === 'PENDING' || before.assignments.has(job.id)),
    );
    if (isForScheduler) this.#wakeups.notify('jobs-pending');
  }
}
