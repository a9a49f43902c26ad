import { sql } from 'kysely';
import type { Migration } from './Migration.ts';

/** What workers want to be shown has a column of its own, and workers can have a run to themselves. */
export const m0003: Migration = {
  name: '0003-workers',
  async up(db, dialect) {
    const isPostgres = dialect === 'postgres';
    const text = isPostgres ? sql`text collate "C"` : sql`text`;
    const hash = isPostgres ? sql`position('#' in url)` : sql`instr(url, '#')`;
    const statements = [
      sql`alter table workers add column push_token ${text}`,
      // It stood behind the address.
      sql`update workers set push_token = substr(url, ${hash} + 1), url = substr(url, 1, ${hash} - 1) where ${hash} > 0`,
      sql`create table reservations (execution_id ${text} primary key, worker_id ${text} not null)`,
    ];
    for (const statement of statements) await statement.execute(db);
  },
};
