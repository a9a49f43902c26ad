import type { PostgresPool } from '../../storage/PostgresPool.ts';
import { StorageError } from '../../storage/StorageError.ts';
import type { PendingJob, SkippedJobs } from '../ExecutionStore.ts';
import { Gathered } from '../Gathered.ts';
import type {
  AttemptClaim,
  ChangeRows,
  CreationKey,
  ExecutionWriter,
  NewExecutionRows,
  WriteChain,
} from '../sql/ExecutionWriter.ts';
import { type MergedChange, mergeChanges } from '../sql/merge-changes.ts';
import { changingJobColumns } from '../sql/tables.ts';
import { takeInTurn, type WaitingRepository } from '../sql/take-in-turn.ts';
import { rowStatement } from './row-statement.ts';

/**
 * Changes of several executions are one statement, and so one journey to the database and one transaction. Executions
 * are locked before their jobs and in order, as everywhere.
 */
const applyChanges = rowStatement(
  'apply-changes',
  [],
  {
    given: { id: 'text', version: 'bigint', raise: 'bigint', status: 'text', record: 'text' },
    given_jobs: { execution_id: 'text', id: 'text', ...changingJobColumns },
    given_events: { execution_id: 'text', type: 'text', data: 'text', at: 'bigint' },
  },
  (_, { given, given_jobs, given_events }) => `
    with given as (select * from ${given}),
    locked as (
      select e.id from executions e join given on e.id = given.id and e.version = given.version
      order by e.id for update of e),
    raised as (
      update executions set version = executions.version + given.raise,
        status = coalesce(given.status, executions.status), record = coalesce(given.record, executions.record)
      from given join locked on locked.id = given.id where executions.id = given.id),
    changed as (
      update jobs set ${Object.keys(changingJobColumns).map((column) => `${column} = given_jobs.${column}`)}
      from locked join ${given_jobs} on given_jobs.execution_id = locked.id
      where jobs.id = given_jobs.id),
    happened as (
      insert into events (execution_id, type, data, at)
      select given_events.execution_id, type, data, at
      from locked join ${given_events} on given_events.execution_id = locked.id
      order by place)
    select id from locked`,
);
const changesAtOnce = 200;

const nextRun = `insert into run_counters (repository, pipeline, last) values ($1, $2, 1)
  on conflict (repository, pipeline) do update set last = run_counters.last + 1 returning last`;

const firstWithKey = `select id from executions where repository = $1 and pipeline = $2 and idempotency_key = $3`;

const insertExecution = rowStatement(
  'insert-execution',
  [
    'id',
    'version',
    'repository',
    'pipeline',
    'run_number',
    'idempotency_key',
    'status',
    'created_at',
    'record',
    'plan_id',
    'body',
  ],
  { given_jobs: { id: 'text', tags: 'text', status: 'text', eligible_at: 'bigint', record: 'text' } },
  (run, { given_jobs }) => `
    with execution as (
      insert into executions
        (id, version, repository, pipeline, run_number, idempotency_key, status, created_at, record)
      values (${run.id}, ${run.version}, ${run.repository}, ${run.pipeline}, ${run.run_number}, ${run.idempotency_key},
        ${run.status}, ${run.created_at}, ${run.record})),
    definition as (
      insert into definitions (execution_id, plan_id, body) values (${run.id}, ${run.plan_id}, ${run.body}))
    insert into jobs (id, execution_id, position, repository, tags, status, eligible_at, record, accepted,
      cancel_requested)
    select id, ${run.id}, place - 1, ${run.repository}, tags, status, eligible_at, record, 0, 0 from ${given_jobs}`,
);

const insertPlan = `insert into plans (id, body, size) values ($1, $2, $3) on conflict do nothing`;

/** Executions are locked before their jobs and in order, as everywhere. */
const renewLeases = rowStatement(
  'renew-leases',
  ['workerId', 'leaseUntil'],
  { claims: { job_id: 'text', attempt: 'bigint', token_hash: 'text' } },
  ({ workerId, leaseUntil }, { claims }) => `
    with claims as (select * from ${claims}),
    locked as (
      select id from executions
      where id in (select execution_id from jobs join claims on jobs.id = claims.job_id where worker_id = ${workerId})
      order by id for update),
    raised as (update executions set version = version + 1 from locked where executions.id = locked.id)
    update jobs set lease_until = ${leaseUntil} from claims, locked
    where jobs.id = claims.job_id and jobs.execution_id = locked.id and jobs.worker_id = ${workerId}
      and jobs.attempt = claims.attempt and jobs.token_hash = claims.token_hash
    returning jobs.id, jobs.attempt, jobs.cancel_requested`,
);

const selectVersions = { name: 'versions-of', text: `select id, version from executions where id = any($1::text[])` };
const selectExecution = { name: 'execution-of-job', text: `select execution_id from jobs where id = $1` };

/** Jumps from one repository to the next instead of reading every waiting job. */
const pendingJobs = rowStatement(
  'pending-jobs',
  ['now', 'limit', 'skippedTags', 'anyTags', 'skippedExecutions'],
  {},
  ({ now, limit, skippedTags, anyTags, skippedExecutions }) => {
    const isWanted = `eligible_at <= ${now}
      and (tags <> all(${skippedTags}::text[]) or execution_id = any(${anyTags}::text[]))
      and execution_id <> all(${skippedExecutions}::text[])`;
    return `
    with recursive waiting (repository) as (
      (select min(repository) from jobs where status = 'PENDING' and worker_id is null)
      union all
      select (select min(repository) from jobs
        where status = 'PENDING' and worker_id is null and repository > waiting.repository)
      from waiting where waiting.repository is not null),
    loads as (
      select repository,
        (select count(*) from jobs where worker_id is not null and jobs.repository = waiting.repository) as running
      from waiting
      where repository is not null and exists (
        select from jobs
        where status = 'PENDING' and worker_id is null and jobs.repository = waiting.repository and ${isWanted})
      order by running limit ${limit})
    select loads.running, job.* from loads cross join lateral (
      select id, execution_id, repository, eligible_at, tags from jobs
      where status = 'PENDING' and worker_id is null and jobs.repository = loads.repository and ${isWanted}
      order by eligible_at, id limit ${limit}) job`;
  },
);

/** A row of `pendingJobs`. */
interface PendingRow {
  readonly running: number;
  readonly id: string;
  readonly execution_id: string;
  readonly repository: string;
  readonly eligible_at: number;
  readonly tags: string;
}

/** A change and those it was decided on. */
interface ChainedChange {
  readonly change: ChangeRows;
  readonly chain: WriteChain;
}

/** Changes that come while others are on their way go together. */
export class PostgresExecutionWriter implements ExecutionWriter {
  readonly #pool: PostgresPool;
  readonly #changes = new Gathered((changes: readonly ChainedChange[]) => this.#applyAll(changes), changesAtOnce);
  readonly #versions = new Gathered((ids: readonly string[]) => this.#versionsOf(ids), changesAtOnce);

  constructor(pool: PostgresPool) {
    this.#pool = pool;
  }

  insert<T extends NewExecutionRows>(
    { repository, pipeline, idempotencyKey }: CreationKey,
    make: (runNumber: number) => T,
  ): Promise<{ readonly existing: string } | { readonly made: T }> {
    return this.#pool.transaction(async (runner) => {
      if (idempotencyKey !== null) {
        // The common lock of all creations of this pipeline comes first: the key is then there or not.
        await runner.query(`select pg_advisory_xact_lock(hashtextextended($1, 0))`, [`${repository} ${pipeline}`]);
        const [first] = await runner.query<{ id: string }>(firstWithKey, [repository, pipeline, idempotencyKey]);
        if (first !== undefined) return { existing: first.id };
      }
      const [counter] = await runner.query<{ last: number }>(nextRun, [repository, pipeline]);
      const made = make(counter?.last ?? 1);
      const { execution, definition, plan, jobs } = made;
      if (plan !== null) await runner.query(insertPlan, [plan.id, plan.body, plan.size]);
      const { plan_id, body } = definition;
      await runner.query(
        insertExecution,
        insertExecution.parameters({ ...execution, plan_id, body }, { given_jobs: jobs }),
      );
      return { made };
    });
  }

  apply(change: ChangeRows, chain: WriteChain): Promise<boolean> {
    return this.#changes.run({ change, chain });
  }

  async #applyAll(calls: readonly ChainedChange[]): Promise<boolean[]> {
    const meant = calls.filter(({ chain }) => !chain.isBroken);
    try {
      const applied = await this.#write(mergeChanges(meant.map(({ change }) => change)));
      return calls.map((call) => {
        const isApplied = meant.includes(call) && applied.has(call.change.executionId);
        if (!isApplied) call.chain.isBroken = true;
        return isApplied;
      });
    } catch (error) {
      // Those that will be tried alone are still whole.
      if (calls.length === 1 || error instanceof StorageError) for (const { chain } of calls) chain.isBroken = true;
      throw error;
    }
  }

  /** Gives the executions that had the version they were to have. */
  async #write(changes: readonly MergedChange[]): Promise<ReadonlySet<string>> {
    if (changes.length === 0) return new Set();
    const given = changes.map(({ executionId: id, version, raise, execution }) => {
      return { id, version, raise, status: execution?.status ?? null, record: execution?.record ?? null };
    });
    const given_jobs = changes.flatMap(({ executionId: execution_id, jobs }) => {
      return jobs.map((job) => ({ execution_id, ...job }));
    });
    const given_events = changes.flatMap(({ executionId: execution_id, events }) => {
      return events.map((event) => ({ execution_id, ...event }));
    });
    const parameters = applyChanges.parameters({}, { given, given_jobs, given_events });
    const rows = await this.#pool.query<{ id: string }>(applyChanges, parameters);
    return new Set(rows.map(({ id }) => id));
  }

  async renewLeases(
    workerId: string,
    claims: readonly AttemptClaim[],
    leaseUntil: number,
  ): Promise<{ jobId: string; attempt: number; cancelRequested: boolean }[]> {
    const rows = await this.#pool.query<{ id: string; attempt: number; cancel_requested: number }>(
      renewLeases,
      renewLeases.parameters(
        { workerId, leaseUntil },
        { claims: claims.map(({ jobId, attempt, tokenHash }) => ({ job_id: jobId, attempt, token_hash: tokenHash })) },
      ),
    );
    return rows.map((row) => ({ jobId: row.id, attempt: row.attempt, cancelRequested: row.cancel_requested === 1 }));
  }

  versionOf(executionId: string): Promise<number | null> {
    return this.#versions.run(executionId);
  }

  async #versionsOf(executionIds: readonly string[]): Promise<(number | null)[]> {
    const rows = await this.#pool.query<{ id: string; version: number }>(selectVersions, [executionIds]);
    const versions = new Map(rows.map(({ id, version }) => [id, version]));
    return executionIds.map((id) => versions.get(id) ?? null);
  }

  async executionOfJob(jobId: string): Promise<string | null> {
    const [row] = await this.#pool.query<{ execution_id: string }>(selectExecution, [jobId]);
    return row?.execution_id ?? null;
  }

  async pendingJobs(limit: number, now: number, skipped: SkippedJobs): Promise<PendingJob[]> {
    const skippedTags = skipped.tags.map((set) => JSON.stringify(set));
    const lists = { skippedTags, anyTags: skipped.anyTags, skippedExecutions: skipped.executions };
    const parameters = pendingJobs.parameters({ now, limit, ...lists }, {});
    const repositories = new Map<string, WaitingRepository<PendingJob> & { jobs: PendingJob[] }>();
    for (const row of await this.#pool.query<PendingRow>(pendingJobs, parameters)) {
      const entry = repositories.get(row.repository) ?? { running: row.running, jobs: [] };
      repositories.set(row.repository, entry);
      entry.jobs.push({
        jobId: row.id,
        executionId: row.execution_id,
        repository: row.repository,
        eligibleAt: row.eligible_at,
        tags: JSON.parse(row.tags) as string[],
      });
    }
    return takeInTurn([...repositories.values()], limit);
  }
}
