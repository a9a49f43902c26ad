import type { PendingJob, SkippedJobs } from '../ExecutionStore.ts';
import type {
  AttemptClaim,
  ChangeRows,
  CreationKey,
  ExecutionWriter,
  JobRowChange,
  NewExecutionRows,
  WriteChain,
} from '../sql/ExecutionWriter.ts';
import { changingJobColumns } from '../sql/tables.ts';
import { takeInTurn, type WaitingRepository } from '../sql/take-in-turn.ts';
import type { SqliteConnection } from './SqliteConnection.ts';

const nextRun = `insert into run_counters (repository, pipeline, last) values (?, ?, 1)
  on conflict (repository, pipeline) do update set last = last + 1 returning last`;
const firstWithKey = `select id from executions where repository = ? and pipeline = ? and idempotency_key = ?`;
const insertExecution = `insert into executions
  (id, version, repository, pipeline, run_number, idempotency_key, status, created_at, record)
  values (?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const insertPlan = `insert into plans (id, body, size) values (?, ?, ?) on conflict do nothing`;
const insertDefinition = `insert into definitions (execution_id, plan_id, body) values (?, ?, ?)`;
const changing = Object.keys(changingJobColumns) as (keyof typeof changingJobColumns)[];
const insertJob = `insert into jobs (id, execution_id, position, repository, tags, ${changing.join(', ')})
  values (?, ?, ?, ?, ?, ${changing.map(() => '?').join(', ')})`;
const raiseVersion = `update executions set version = version + 1 where id = ? and version = ?`;
const updateExecution = `update executions set version = version + 1, status = ?, record = ?
  where id = ? and version = ?`;
const updateJob = `update jobs set ${changing.map((column) => `${column} = ?`).join(', ')} where id = ?`;
const insertEvent = `insert into events (execution_id, type, data, at) values (?, ?, ?, ?)`;
const renewLease = `update jobs set lease_until = ? where id = ? and attempt = ? and token_hash = ? and worker_id = ?
  returning execution_id, cancel_requested`;
const touchExecution = `update executions set version = version + 1 where id = ?`;
const selectVersion = `select version from executions where id = ?`;
const selectExecution = `select execution_id from jobs where id = ?`;
// Jumps from one repository to the next instead of reading every waiting job.
const waitingRepositories = `with recursive waiting (repository) as (
    select min(repository) from jobs where status = 'PENDING' and worker_id is null
    union all
    select (select min(repository) from jobs
      where status = 'PENDING' and worker_id is null and repository > waiting.repository)
    from waiting where waiting.repository is not null)
  select repository, (select count(*) from jobs where worker_id is not null and jobs.repository = waiting.repository)
    as running
  from waiting where repository is not null order by running`;
const waitingJobs = `select id as jobId, execution_id as executionId, repository, eligible_at as eligibleAt, tags
  from jobs where status = 'PENDING' and worker_id is null and repository = ? and eligible_at <= ?
    and (tags not in (select value from json_each(?)) or execution_id in (select value from json_each(?)))
    and execution_id not in (select value from json_each(?))
  order by eligible_at, id limit ?`;

/** A row of `waitingJobs`. */
type WaitingJob = Omit<PendingJob, 'tags'> & { readonly tags: string };

/** Group commits through the one connection. */
export class SqliteExecutionWriter implements ExecutionWriter {
  readonly #connection: SqliteConnection;

  constructor(connection: SqliteConnection) {
    this.#connection = connection;
  }

  insert<T extends NewExecutionRows>(
    { repository, pipeline, idempotencyKey }: CreationKey,
    make: (runNumber: number) => T,
  ): Promise<{ readonly existing: string } | { readonly made: T }> {
    const connection = this.#connection;
    return connection.write(() => {
      if (idempotencyKey !== null) {
        const [first] = connection.all<{ id: string }>(firstWithKey, [repository, pipeline, idempotencyKey]);
        if (first !== undefined) return { existing: first.id };
      }
      const [counter] = connection.all<{ last: number }>(nextRun, [repository, pipeline]);
      const made = make(counter?.last ?? 1);
      const { execution, definition, plan, jobs } = made;
      connection.run(insertExecution, [
        execution.id,
        execution.version,
        execution.repository,
        execution.pipeline,
        execution.run_number,
        execution.idempotency_key,
        execution.status,
        execution.created_at,
        execution.record,
      ]);
      if (plan !== null) connection.run(insertPlan, [plan.id, plan.body, plan.size]);
      connection.run(insertDefinition, [definition.execution_id, definition.plan_id, definition.body]);
      for (const job of jobs) {
        connection.run(insertJob, [
          job.id,
          job.execution_id,
          job.position,
          job.repository,
          job.tags,
          ...changingOf(job),
        ]);
      }
      return { made };
    });
  }

  apply(change: ChangeRows, chain: WriteChain): Promise<boolean> {
    return this.#connection.write(() => {
      if (chain.isBroken) return false;
      // Until the end: also what throws breaks it.
      chain.isBroken = true;
      if (!this.#write(change)) return false;
      chain.isBroken = false;
      return true;
    });
  }

  #write({ executionId, version, execution, jobs, events, at }: ChangeRows): boolean {
    const connection = this.#connection;
    const changes =
      execution === null
        ? connection.run(raiseVersion, [executionId, version])
        : connection.run(updateExecution, [execution.status, execution.record, executionId, version]);
    if (changes === 0) return false;
    for (const job of jobs) {
      connection.run(updateJob, [...changingOf(job), job.id]);
    }
    for (const { type, data } of events) connection.run(insertEvent, [executionId, type, data, at]);
    return true;
  }

  renewLeases(
    workerId: string,
    claims: readonly AttemptClaim[],
    leaseUntil: number,
  ): Promise<{ jobId: string; attempt: number; cancelRequested: boolean }[]> {
    const connection = this.#connection;
    return connection.write(() => {
      const executions = new Set<string>();
      const renewed = claims.flatMap(({ jobId, attempt, tokenHash }) => {
        const parameters = [leaseUntil, jobId, attempt, tokenHash, workerId];
        const [row] = connection.all<{ execution_id: string; cancel_requested: number }>(renewLease, parameters);
        if (row === undefined) return [];
        executions.add(row.execution_id);
        return [{ jobId, attempt, cancelRequested: row.cancel_requested === 1 }];
      });
      for (const id of executions) connection.run(touchExecution, [id]);
      return renewed;
    });
  }

  async versionOf(executionId: string): Promise<number | null> {
    const connection = this.#connection;
    const [row] = await connection.read(() => connection.all<{ version: number }>(selectVersion, [executionId]));
    return row?.version ?? null;
  }

  async executionOfJob(jobId: string): Promise<string | null> {
    const connection = this.#connection;
    const [row] = await connection.read(() => connection.all<{ execution_id: string }>(selectExecution, [jobId]));
    return row?.execution_id ?? null;
  }

  pendingJobs(limit: number, now: number, skipped: SkippedJobs): Promise<PendingJob[]> {
    const connection = this.#connection;
    const tags = skipped.tags.map((set) => JSON.stringify(set));
    const lists = [tags, skipped.anyTags, skipped.executions].map((list) => JSON.stringify(list));
    return connection.read(() => {
      const repositories: WaitingRepository<WaitingJob>[] = [];
      for (const { repository, running } of connection.all<{ repository: string; running: number }>(
        waitingRepositories,
        [],
      )) {
        const jobs = connection.all<WaitingJob>(waitingJobs, [repository, now, ...lists, limit]);
        if (jobs.length > 0) repositories.push({ running, jobs });
        // The others would not get a turn.
        if (repositories.length >= limit) break;
      }
      return takeInTurn(repositories, limit).map((job) => ({ ...job, tags: JSON.parse(job.tags) as string[] }));
    });
  }
}

/** The values of a job's row that change after its creation, in the order of `insertJob` and `updateJob`. */
const changingOf = (job: Omit<JobRowChange, 'id'>) => changing.map((column) => job[column]);
