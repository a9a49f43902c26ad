import { sql } from 'kysely';
import type { Migration } from './Migration.ts';

/** Logs, artifacts and sources in PostgreSQL, so that several backends need no shared disk. SQLite has files beside it. */
export const m0002: Migration = {
  name: '0002-contents',
  async up(db, dialect) {
    if (dialect !== 'postgres') return;
    const statements = [
      sql`create table logs (
        job_id text collate "C", attempt bigint, size bigint not null, primary key (job_id, attempt))`,
      sql`create table log_chunks (
        job_id text collate "C", attempt bigint, start bigint, length bigint not null, body bytea not null,
        primary key (job_id, attempt, start))`,
      sql`create table artifacts (
        job_id text collate "C", attempt bigint, sha256 text collate "C", size bigint not null,
        received bigint not null, whole boolean not null, primary key (job_id, attempt, sha256))`,
      sql`create table artifact_parts (
        job_id text collate "C", attempt bigint, sha256 text collate "C", start bigint, body bytea not null,
        primary key (job_id, attempt, sha256, start))`,
      sql`create table trees (id text collate "C" primary key, body bytea not null)`,
      sql`create table blobs (sha256 text collate "C" primary key, size bigint not null, upload uuid not null)`,
      sql`create table blob_uploads (id uuid primary key, started_at bigint not null)`,
      sql`create table blob_parts (upload uuid, place bigint, body bytea not null, primary key (upload, place))`,
      // Compressed already, or not worth it.
      sql`alter table log_chunks alter body set storage external`,
      sql`alter table artifact_parts alter body set storage external`,
      sql`alter table trees alter body set storage external`,
      // Rows that change often stay on their page, and what they leave behind goes soon.
      sql`alter table executions set (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02)`,
      sql`alter table jobs set (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02)`,
    ];
    for (const statement of statements) await statement.execute(db);
  },
};
