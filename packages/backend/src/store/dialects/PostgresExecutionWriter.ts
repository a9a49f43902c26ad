import type { PostgresPool } from '../../storage/PostgresPool.ts';
import { StorageError } from '../../storage/StorageError.ts';
import type { PendingJob } from '../ExecutionStore.ts';
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
import { takeInTurn, type WaitingRepository } from '../sql/take-in-turn.ts';

/**
 * Changes of several executions are one statement, and so one journey to the database and one transaction. Executions
 * are locked before their jobs and in order, as everywhere.
 */
const applyChanges = {
  name: 'apply-changes',
  text: `with given as (
      select * from unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $20::bigint[])
        as v (id, version, status, record, raise)),
    locked as (
      select e.id from executions e join given on e.id = given.id and e.version = given.version
      order by e.id for update of e),
    raised as (
      update executions set version = executions.version + given.raise, status = coalesce(given.status, executions.status),
        record = coalesce(given.record, executions.record)
      from given join locked on locked.id = given.id where executions.id = given.id),
    changed as (
      update jobs set status = v.status, eligible_at = v.eligible_at, record = v.record, worker_id = v.worker_id,
        attempt = v.attempt, token_hash = v.token_hash, accepted = v.accepted, lease_until = v.lease_until,
        cancel_requested = v.cancel_requested
      from locked join unnest($5::text[], $6::text[], $7::text[], $8::bigint[], $9::text[], $10::text[], $11::bigint[],
        $12::text[], $13::bigint[], $14::bigint[], $15::bigint[])
        as v (execution_id, id, status, eligible_at, record, worker_id, attempt, token_hash, accepted, lease_until,
          cancel_requested) on v.execution_id = locked.id
      where jobs.id = v.id),
    said as (
      insert into events (execution_id, type, data, at)
      select v.execution_id, v.type, v.data, v.at
      from locked join unnest($16::text[], $17::text[], $18::text[], $19::bigint[]) with ordinality
        as v (execution_id, type, data, at, place) on v.execution_id = locked.id
      order by v.place)
    select id from locked`,
};
const changesAtOnce = 200;

const nextRun = `insert into run_counters (repository, pipeline, last) values ($1, $2, 1)
  on conflict (repository, pipeline) do update set last = run_counters.last + 1 returning last`;

const firstWithKey = `select id from executions where repository = $1 and pipeline = $2 and idempotency_key = $3`;

const insertExecution = {
  name: 'insert-execution',
  text: `with execution as (
      insert into executions
        (id, version, repository, pipeline, run_number, idempotency_key, status, created_at, record)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9)),
    definition as (insert into definitions (execution_id, plan_id, body) values ($1, $10, $11))
    insert into jobs (id, execution_id, position, repository, tags, status, eligible_at, record, accepted,
      cancel_requested)
    select v.id, $1, v.place - 1, $3, v.tags, v.status, v.eligible_at, v.record, 0, 0
    from unnest($12::text[], $13::text[], $14::text[], $15::bigint[], $16::text[]) with ordinality
      as v (id, tags, status, eligible_at, record, place)`,
};

const insertPlan = `insert into plans (id, body, size) values ($1, $2, $3) on conflict do nothing`;

/** Executions are locked before their jobs and in order, as everywhere. */
const renewLeases = {
  name: 'renew-leases',
  text: `with claims as (
      select * from unnest($3::text[], $4::bigint[], $5::text[]) as v (job_id, attempt, token_hash)),
    locked as (
      select id from executions
      where id in (select execution_id from jobs join claims on jobs.id = claims.job_id where worker_id = $1)
      order by id for update),
    raised as (update executions set version = version + 1 from locked where executions.id = locked.id)
    update jobs set lease_until = $2 from claims, locked
    where jobs.id = claims.job_id and jobs.execution_id = locked.id and jobs.worker_id = $1
      and jobs.attempt = claims.attempt and jobs.token_hash = claims.token_hash
    returning jobs.id, jobs.attempt, jobs.cancel_requested`,
};

const selectVersions = { name: 'versions-of', text: `select id, version from executions where id = any($1::text[])` };
const selectExecution = { name: 'execution-of-job', text: `select execution_id from jobs where id = $1` };

/** Jumps from one repository to the next instead of reading every waiting job. */
const pendingJobs = {
  name: 'pending-jobs',
  text: `with recursive waiting (repository) as (
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
        select from jobs where status = 'PENDING' and worker_id is null and jobs.repository = waiting.repository
          and eligible_at <= $1)
      order by running limit $2)
    select loads.running, job.* from loads cross join lateral (
      select id, execution_id, repository, eligible_at, tags from jobs
      where status = 'PENDING' and worker_id is null and jobs.repository = loads.repository and eligible_at <= $1
      order by eligible_at, id limit $2) job`,
};

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
      await runner.query(insertExecution, [
        execution.id,
        execution.version,
        execution.repository,
        execution.pipeline,
        execution.run_number,
        execution.idempotency_key,
        execution.status,
        execution.created_at,
        execution.record,
        definition.plan_id,
        definition.body,
        jobs.map(({ id }) => id),
        jobs.map(({ tags }) => tags),
        jobs.map(({ status }) => status),
        jobs.map(({ eligible_at }) => eligible_at),
        jobs.map(({ record }) => record),
      ]);
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
    const jobs = changes.flatMap(({ executionId, jobs: rows }) => rows.map((row) => ({ executionId, ...row })));
    const events = changes.flatMap(({ executionId, events: rows }) => rows.map((row) => ({ executionId, ...row })));
    const rows = await this.#pool.query<{ id: string }>(applyChanges, [
      changes.map(({ executionId }) => executionId),
      changes.map(({ version }) => version),
      changes.map(({ execution }) => execution?.status ?? null),
      changes.map(({ execution }) => execution?.record ?? null),
      jobs.map(({ executionId }) => executionId),
      jobs.map(({ id }) => id),
      jobs.map(({ status }) => status),
      jobs.map(({ eligible_at }) => eligible_at),
      jobs.map(({ record }) => record),
      jobs.map(({ worker_id }) => worker_id),
      jobs.map(({ attempt }) => attempt),
      jobs.map(({ token_hash }) => token_hash),
      jobs.map(({ accepted }) => accepted),
      jobs.map(({ lease_until }) => lease_until),
      jobs.map(({ cancel_requested }) => cancel_requested),
      events.map(({ executionId }) => executionId),
      events.map(({ type }) => type),
      events.map(({ data }) => data),
      events.map(({ at }) => at),
      changes.map(({ raise }) => raise),
    ]);
    return new Set(rows.map(({ id }) => id));
  }

  async renewLeases(
    workerId: string,
    claims: readonly AttemptClaim[],
    leaseUntil: number,
  ): Promise<{ jobId: string; attempt: number; cancelRequested: boolean }[]> {
    const rows = await this.#pool.query<{ id: string; attempt: number; cancel_requested: number }>(renewLeases, [
      workerId,
      leaseUntil,
      claims.map(({ jobId }) => jobId),
      claims.map(({ attempt }) => attempt),
      claims.map(({ tokenHash }) => tokenHash),
    ]);
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

  async pendingJobs(limit: number, now: number): Promise<PendingJob[]> {
    const repositories = new Map<string, WaitingRepository<PendingJob> & { jobs: PendingJob[] }>();
    for (const row of await this.#pool.query<PendingRow>(pendingJobs, [now, limit])) {
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
