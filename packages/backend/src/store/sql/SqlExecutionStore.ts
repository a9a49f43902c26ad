import type { Clock } from '@xx-pipeline/common';
import type { Kysely } from 'kysely';
import type { Wakeups } from '../../events/Wakeups.ts';
import { LruCache } from '../../storage/LruCache.ts';
import type {
  ExecutionChange,
  ExecutionFilter,
  ExecutionStore,
  ExecutionSummary,
  LockedExecution,
  PendingJob,
  SkippedJobs,
} from '../ExecutionStore.ts';
import { ExecutionLoader, type LoadedExecution } from './ExecutionLoader.ts';
import { ExecutionQueries } from './ExecutionQueries.ts';
import { ExecutionUpdates } from './ExecutionUpdates.ts';
import type { AttemptClaim, CreationKey, ExecutionWriter, NewExecutionRows } from './ExecutionWriter.ts';
import { executionText, newJobRow } from './execution-rows.ts';
import type { Tables } from './tables.ts';

const rememberedJobs = 50_000;
const nothingSkipped: SkippedJobs = { tags: [], anyTags: [], executions: [] };

/** Executions in SQL: creating and reading them; `ExecutionUpdates` changes them. */
export class SqlExecutionStore implements ExecutionStore {
  readonly #queries: ExecutionQueries;
  readonly #loader: ExecutionLoader;
  readonly #writer: ExecutionWriter;
  readonly #wakeups: Wakeups;
  readonly #clock: Clock;
  readonly #updates: ExecutionUpdates;
  /** A job never leaves its execution. */
  readonly #executionOfJob = new LruCache<string>(rememberedJobs);

  constructor(db: Kysely<Tables>, writer: ExecutionWriter, wakeups: Wakeups, clock: Clock) {
    this.#queries = new ExecutionQueries(db);
    this.#loader = new ExecutionLoader(db, writer);
    this.#updates = new ExecutionUpdates(this.#loader, writer, wakeups, clock);
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
    return this.#updates.change(executionId, decide);
  }

  async find(executionId: string): Promise<LockedExecution | null> {
    // Of a change under way the result would have to be read, and might not be on the disk yet.
    await this.#updates.settled(executionId);
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

  async pendingJobs(limit: number, skipped: SkippedJobs = nothingSkipped): Promise<PendingJob[]> {
    const pending = await this.#writer.pendingJobs(limit, this.#clock.now(), skipped);
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
