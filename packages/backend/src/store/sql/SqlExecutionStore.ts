import type { Clock } from '@xx-pipeline/common';
import type { Kysely } from 'kysely';
import type { Wakeups } from '../../events/Wakeups.ts';
import type {
  ExecutionChange,
  ExecutionFilter,
  ExecutionStore,
  ExecutionSummary,
  LockedExecution,
  PendingJob,
} from '../ExecutionStore.ts';
import { KeyedQueue } from '../KeyedQueue.ts';
import { LruCache } from '../LruCache.ts';
import { StorageError } from '../StorageError.ts';
import { ExecutionLoader, type LoadedExecution } from './ExecutionLoader.ts';
import { ExecutionQueries } from './ExecutionQueries.ts';
import type { AttemptClaim, ChangeRows, CreationKey, ExecutionWriter, NewExecutionRows } from './ExecutionWriter.ts';
import { changedJobs, executionText, newJobRow } from './execution-rows.ts';
import type { Tables } from './tables.ts';

/** Somebody else was quicker each time. Each of them has made a change, so this is far beyond any real contention. */
const maxTries = 200;
const rememberedJobs = 50_000;

/**
 * Executions in SQL. A change is decided on what is known of the execution and written on the condition that its
 * version is still the same; otherwise it is read and decided again. Changes made by one backend queue up per
 * execution, so that only different backends can get into each other's way, and mostly nothing has to be read:
 *
 *   remembered or loaded --> decide --> apply if version is the same --yes--> remember, wake up
 *            ^------------- load <---------------------------------no
 */
export class SqlExecutionStore implements ExecutionStore {
  readonly #queries: ExecutionQueries;
  readonly #loader: ExecutionLoader;
  readonly #writer: ExecutionWriter;
  readonly #wakeups: Wakeups;
  readonly #clock: Clock;
  readonly #turns = new KeyedQueue();
  /** A job never leaves its execution. */
  readonly #executionOfJob = new LruCache<string>(rememberedJobs);

  constructor(db: Kysely<Tables>, writer: ExecutionWriter, wakeups: Wakeups, clock: Clock) {
    this.#queries = new ExecutionQueries(db);
    this.#loader = new ExecutionLoader(db, writer);
    this.#writer = writer;
    this.#wakeups = wakeups;
    this.#clock = clock;
  }

  async create(
    make: (runNumber: number) => Pick<LockedExecution, 'execution' | 'definition'>,
    key: CreationKey,
  ): Promise<{ execution: LockedExecution['execution']; isNew: boolean }> {
    const result = await this.#writer.insert(key, (runNumber) =>
      this.#newRows({ ...make(runNumber), assignments: new Map() }, key),
    );
    if ('existing' in result) {
      const first = await this.find(result.existing);
      if (first === null) throw new Error(`execution ${result.existing} has vanished`);
      return { execution: first.execution, isNew: false };
    }
    const { loaded, ...rows } = result.made;
    if (rows.plan !== null) this.#loader.planStored(rows.plan.id, loaded.locked.definition.plan, rows.plan.size);
    this.#loader.remember(loaded);
    for (const { id, execution_id } of rows.jobs) this.#executionOfJob.set(id, execution_id, 1);
    if (rows.jobs.some(({ status }) => status === 'PENDING')) this.#wakeups.notify('jobs-pending');
    return { execution: loaded.locked.execution, isNew: true };
  }

  #newRows(given: LockedExecution, key: CreationKey): NewExecutionRows & { loaded: LoadedExecution } {
    const { plan: givenPlan, ...rest } = given.definition;
    const plan = this.#loader.planRow(givenPlan);
    const locked = { ...given, definition: { plan: plan.plan, ...rest } };
    const { execution } = locked;
    const text = executionText(execution);
    return {
      loaded: { version: 1, locked, text },
      execution: {
        id: execution.id,
        version: 1,
        repository: key.repository,
        pipeline: key.pipeline,
        run_number: execution.runNumber,
        idempotency_key: key.idempotencyKey,
        status: execution.status,
        created_at: Date.parse(execution.createdAt),
        record: text,
      },
      definition: { execution_id: execution.id, plan_id: plan.id, body: JSON.stringify(rest) },
      plan: plan.row,
      jobs: execution.jobs.map((job, position) => newJobRow(locked, job, position)),
    };
  }

  change<T>(executionId: string, decide: (current: LockedExecution) => ExecutionChange<T> | null): Promise<T | null> {
    return this.#turns.run(executionId, () => this.#change(executionId, decide));
  }

  async #change<T>(
    executionId: string,
    decide: (current: LockedExecution) => ExecutionChange<T> | null,
  ): Promise<T | null> {
    let loaded = this.#loader.remembered(executionId) ?? null;
    let isFresh = false;
    for (let tries = 0; tries < maxTries; tries++) {
      if (loaded === null) {
        loaded = await this.#loader.load(executionId);
        if (loaded === null) return null;
        isFresh = true;
      }
      const attempt = await this.#attempt(loaded, isFresh, decide);
      if (attempt !== 'outdated') return attempt.result;
      loaded = null;
      // Others are at it: let them finish instead of making each other repeat.
      if (tries > 2) await this.#clock.sleep(Math.random() * Math.min(tries, 20));
    }
    throw new StorageError('busy', `execution ${executionId} is being changed by too many at the same time`);
  }

  async #attempt<T>(
    loaded: LoadedExecution,
    isFresh: boolean,
    decide: (current: LockedExecution) => ExecutionChange<T> | null,
  ): Promise<{ result: T | null } | 'outdated'> {
    let change: ExecutionChange<T> | null;
    try {
      change = decide(loaded.locked);
    } catch (error) {
      // What was remembered may have been too old to make sense.
      if (isFresh || (await this.#loader.isCurrent(loaded))) throw error;
      return 'outdated';
    }
    const write = change === null ? null : this.#rowsOf(loaded, change);
    if (change === null || write === null) {
      if (!isFresh && !(await this.#loader.isCurrent(loaded))) return 'outdated';
      return { result: change?.result ?? null };
    }
    if (!(await this.#apply(write))) return 'outdated';
    this.#loader.remember({
      version: loaded.version + 1,
      text: write.execution?.record ?? loaded.text,
      locked: {
        execution: change.execution,
        definition: loaded.locked.definition,
        assignments: change.assignments,
      },
    });
    this.#wake(loaded.locked, write);
    return { result: change.result };
  }

  async #apply(write: ChangeRows): Promise<boolean> {
    try {
      return await this.#writer.apply(write);
    } catch (error) {
      // It may have been written nevertheless.
      this.#loader.forget(write.executionId);
      throw error;
    }
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

  async find(executionId: string): Promise<LockedExecution | null> {
    // Of a change under way the result would have to be read, and might not be on the disk yet.
    await this.#turns.done(executionId);
    return (await this.#loader.current(executionId))?.locked ?? null;
  }

  async executionOfJob(jobId: string): Promise<string | null> {
    const known = this.#executionOfJob.get(jobId);
    if (known !== undefined) return known;
    const executionId = await this.#writer.executionOfJob(jobId);
    if (executionId !== null) this.#executionOfJob.set(jobId, executionId, 1);
    return executionId;
  }

  list(filter: ExecutionFilter): Promise<{ executions: ExecutionSummary[]; nextCursor: string | null }> {
    return this.#queries.list(filter);
  }

  async pendingJobs(limit: number): Promise<PendingJob[]> {
    const pending = await this.#writer.pendingJobs(limit, this.#clock.now());
    for (const { jobId, executionId } of pending) this.#executionOfJob.set(jobId, executionId, 1);
    return pending;
  }

  expiredAssignments(now: number): ReturnType<ExecutionStore['expiredAssignments']> {
    return this.#queries.expiredAssignments(now);
  }

  assignmentsOf(workerId: string): ReturnType<ExecutionStore['assignmentsOf']> {
    return this.#queries.assignmentsOf(workerId);
  }

  async renewLeases(
    workerId: string,
    attempts: readonly AttemptClaim[],
    leaseUntil: number,
  ): ReturnType<ExecutionStore['renewLeases']> {
    if (attempts.length === 0) return { renewed: [] };
    return { renewed: await this.#writer.renewLeases(workerId, attempts, leaseUntil) };
  }

  liveExecutions(): Promise<string[]> {
    return this.#queries.liveExecutions();
  }

  eventsAfter(executionId: string, after: number, limit: number): ReturnType<ExecutionStore['eventsAfter']> {
    return this.#queries.eventsAfter(executionId, after, limit);
  }
}
