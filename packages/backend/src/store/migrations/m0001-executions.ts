import { sql } from 'kysely';
import type { Migration } from './Migration.ts';

/** Runs, their jobs and events, workers and tokens. */
export const m0001: Migration = {
  name: '0001-executions',
  async up(db, dialect) {
    const isPostgres = dialect === 'postgres';
    // Ids and names compare byte by byte in both.
    const text = isPostgres ? sql`text collate "C"` : sql`text`;
    const bytes = isPostgres ? sql`bytea` : sql`blob`;
    const serial = isPostgres ? sql`bigserial primary key` : sql`integer primary key autoincrement`;
    const statements = [
      sql`create table executions (
        id ${text} primary key, version bigint not null, repository ${text} not null, pipeline ${text} not null,
        run_number bigint not null, idempotency_key ${text}, status ${text} not null, created_at bigint not null,
        record ${text} not null)`,
      sql`create unique index executions_run on executions (repository, pipeline, run_number)`,
      sql`create unique index executions_key on executions (repository, pipeline, idempotency_key)
        where idempotency_key is not null`,
      sql`create index executions_created on executions (created_at, id)`,
      sql`create index executions_repository on executions (repository, created_at, id)`,
      sql`create index executions_pipeline on executions (pipeline, created_at, id)`,
      sql`create index executions_status on executions (status, created_at, id)`,
      sql`create index executions_live on executions (id) where status in ('CREATED', 'PENDING', 'RUNNING')`,
      sql`create table plans (id ${text} primary key, body ${bytes} not null, size bigint not null)`,
      sql`create table definitions (
        execution_id ${text} primary key, plan_id ${text} not null, body ${text} not null)`,
      sql`create table jobs (
        id ${text} primary key, execution_id ${text} not null, position bigint not null, repository ${text} not null,
        tags ${text} not null, status ${text} not null, eligible_at bigint not null, record ${text} not null,
        worker_id ${text}, attempt bigint, token_hash ${text}, accepted bigint not null, lease_until bigint,
        cancel_requested bigint not null)`,
      sql`create index jobs_execution on jobs (execution_id, position)`,
      sql`create index jobs_pending on jobs (repository, eligible_at, id)
        where status = 'PENDING' and worker_id is null`,
      sql`create index jobs_assigned on jobs (repository) where worker_id is not null`,
      sql`create index jobs_worker on jobs (worker_id) where worker_id is not null`,
      sql`create index jobs_lease on jobs (lease_until) where worker_id is not null`,
      sql`create table events (
        id ${serial}, execution_id ${text} not null, type ${text} not null, data ${text} not null, at bigint not null)`,
      sql`create index events_execution on events (execution_id, id)`,
      sql`create table run_counters (
        repository ${text} not null, pipeline ${text} not null, last bigint not null, primary key (repository, pipeline))`,
      sql`create table workers (
        id ${text} primary key, instance_id ${text} not null, name ${text} not null, url ${text},
        slots bigint not null, labels ${text} not null, version ${text} not null, draining bigint not null,
        last_seen_at bigint not null)`,
      sql`create table tokens (
        hash ${text} primary key, role ${text} not null, name ${text} not null, created_at bigint not null)`,
      sql`create index tokens_name on tokens (name)`,
    ];
    for (const statement of statements) await statement.execute(db);
  },
};
