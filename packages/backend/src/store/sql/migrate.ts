import { type Kysely, sql, type Transaction } from 'kysely';
import { StorageError } from '../../storage/StorageError.ts';
import { migrations as allMigrations } from '../migrations/all-migrations.ts';
import type { DialectName, Migration } from '../migrations/Migration.ts';

/** Any number, the same in every version of the program: who has the lock may migrate. */
const lockNumber = 7_229_417_330;

interface MigrationTables {
  schema_migrations: { name: string };
}

/**
 * Brings a database up to this program, all steps in one transaction and under a lock: several backends may start at
 * once, and one that is killed leaves the database as it was.
 */
export async function migrate(
  db: Kysely<unknown>,
  dialect: DialectName,
  migrations: readonly Migration[] = allMigrations,
): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    if (dialect === 'postgres') await sql`select pg_advisory_xact_lock(${lockNumber})`.execute(transaction);
    await sql`create table if not exists schema_migrations (name text primary key)`.execute(transaction);
    const known = transaction as unknown as Transaction<MigrationTables>;
    const made = new Set((await known.selectFrom('schema_migrations').select('name').execute()).map((row) => row.name));
    const names = new Set(migrations.map(({ name }) => name));
    const unknown = [...made].filter((name) => !names.has(name));
    if (unknown.length > 0) {
      throw new StorageError(
        'newer',
        `the database was made by a newer version of xx (it has ${unknown.join(', ')}, which this version does not know). ` +
          'Start that version again, or use another database.',
      );
    }
    for (const migration of migrations) {
      if (made.has(migration.name)) continue;
      await migration.up(transaction, dialect);
      await known.insertInto('schema_migrations').values({ name: migration.name }).execute();
    }
  });
}
