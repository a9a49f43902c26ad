import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, systemClock } from '@xx-pipeline/common';
import { Kysely, sql } from 'kysely';
import type { ArtifactStore } from '../artifacts/ArtifactStore.ts';
import { FileArtifactStore } from '../artifacts/FileArtifactStore.ts';
import { LocalWakeups } from '../events/LocalWakeups.ts';
import type { Wakeups } from '../events/Wakeups.ts';
import { FileLogStore } from '../logs/FileLogStore.ts';
import type { LogStore } from '../logs/LogStore.ts';
import { FileSnapshotStore } from '../sources/FileSnapshotStore.ts';
import type { SnapshotStore } from '../sources/SnapshotStore.ts';
import { SqliteConnection } from './dialects/SqliteConnection.ts';
import { SqliteExecutionWriter } from './dialects/SqliteExecutionWriter.ts';
import { sqliteDialect } from './dialects/sqlite.ts';
import type { ExecutionStore } from './ExecutionStore.ts';
import { migrate } from './sql/migrate.ts';
import { SqlExecutionStore } from './sql/SqlExecutionStore.ts';
import { SqlTokenStore } from './sql/SqlTokenStore.ts';
import { SqlWorkerStore } from './sql/SqlWorkerStore.ts';
import type { Tables } from './sql/tables.ts';
import type { TokenStore } from './TokenStore.ts';
import type { WorkerStore } from './WorkerStore.ts';

/** Where a backend keeps everything. */
export interface StoresConfig {
  /** `sqlite:PATH` or `postgres://…`. */
  readonly database: string;
  /** Logs, artifacts and sources beside SQLite. */
  readonly stateDirectory: string;
  /** With PostgreSQL: a directory all backends share, for artifacts and sources; without it they are in the database. */
  readonly sharedDirectory?: string;
  readonly clock?: Clock;
}

/** All stores of a backend, over one database. */
export interface Stores {
  readonly executions: ExecutionStore;
  readonly workers: WorkerStore;
  readonly tokens: TokenStore;
  readonly logs: LogStore;
  readonly artifacts: ArtifactStore;
  readonly snapshots: SnapshotStore;
  readonly wakeups: Wakeups;
  /** Whether requests can be served: rejects with a `StorageError` when the database cannot be used. */
  check(): Promise<void>;
  /** Lets go of everything; what was acknowledged is stored already. */
  close(): Promise<void>;
}

/** Opens or makes a database, brings it up to date and gives its stores. Rejects with a `StorageError`. */
export async function openStores(config: StoresConfig): Promise<Stores> {
  const { database } = config;
  if (database.startsWith('sqlite:')) return openSqlite(database.slice('sqlite:'.length), config);
  throw new Error(`a database is sqlite:PATH or postgres://…, not ${database.replace(/:\/\/.*/, '://…')}`);
}

async function openSqlite(path: string, { stateDirectory, clock = systemClock }: StoresConfig): Promise<Stores> {
  mkdirSync(stateDirectory, { recursive: true, mode: 0o700 });
  const connection = new SqliteConnection(path);
  const db = new Kysely<Tables>({ dialect: sqliteDialect(connection) });
  await migrate(db as Kysely<unknown>, 'sqlite').catch(async (error: unknown) => {
    await db.destroy();
    throw error;
  });
  const wakeups = new LocalWakeups();
  const logs = new FileLogStore(join(stateDirectory, 'logs'), wakeups, clock);
  const snapshots = new FileSnapshotStore(join(stateDirectory, 'sources'));
  await snapshots.removeLeftovers(clock.now());
  return {
    executions: new SqlExecutionStore(db, new SqliteExecutionWriter(connection), wakeups, clock),
    workers: new SqlWorkerStore(db),
    tokens: new SqlTokenStore(db),
    logs,
    artifacts: new FileArtifactStore(join(stateDirectory, 'artifacts')),
    snapshots,
    wakeups,
    check: async () => {
      await sql`select 1`.execute(db);
    },
    close: async () => {
      await logs.close();
      await wakeups.close();
      await db.destroy();
    },
  };
}
