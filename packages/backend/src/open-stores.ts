import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, systemClock } from '@xx-pipeline/common';
import { Kysely, sql } from 'kysely';
import type { ArtifactStore } from './artifacts/ArtifactStore.ts';
import { FileArtifactStore } from './artifacts/FileArtifactStore.ts';
import { PostgresArtifactStore } from './artifacts/PostgresArtifactStore.ts';
import { LocalWakeups } from './events/LocalWakeups.ts';
import { PostgresWakeups } from './events/PostgresWakeups.ts';
import type { Wakeups } from './events/Wakeups.ts';
import { defaultLeases, type LeaseTimes } from './leases.ts';
import { FileLogStore } from './logs/FileLogStore.ts';
import type { LogStore } from './logs/LogStore.ts';
import { PostgresLogStore } from './logs/PostgresLogStore.ts';
import { FileSnapshotStore } from './sources/FileSnapshotStore.ts';
import { PostgresSnapshotStore } from './sources/PostgresSnapshotStore.ts';
import type { SnapshotStore } from './sources/SnapshotStore.ts';
import { PostgresPool } from './storage/PostgresPool.ts';
import { storageErrorOf } from './storage/StorageError.ts';
import { PostgresExecutionWriter } from './store/dialects/PostgresExecutionWriter.ts';
import { postgresDialect } from './store/dialects/postgres.ts';
import { SqliteConnection } from './store/dialects/SqliteConnection.ts';
import { SqliteExecutionWriter } from './store/dialects/SqliteExecutionWriter.ts';
import { sqliteDialect } from './store/dialects/sqlite.ts';
import type { ExecutionStore } from './store/ExecutionStore.ts';
import { migrate } from './store/sql/migrate.ts';
import { SqlExecutionStore } from './store/sql/SqlExecutionStore.ts';
import { SqlTokenStore } from './store/sql/SqlTokenStore.ts';
import { SqlWorkerStore } from './store/sql/SqlWorkerStore.ts';
import type { Tables } from './store/sql/tables.ts';
import type { TokenStore } from './store/TokenStore.ts';
import type { WorkerStore } from './store/WorkerStore.ts';

/** The places where a backend stores everything. */
export interface StoresConfig {
  /** `sqlite:PATH` or `postgres://…`. */
  readonly database: string;
  /** Logs, artifacts and sources beside SQLite. */
  readonly stateDirectory: string;
  /** With PostgreSQL: a directory all backends share, for artifacts and sources; without it they are in the database. */
  readonly sharedDirectory?: string;
  readonly clock?: Clock;
  readonly leases?: LeaseTimes;
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
  /** Other backends may use the same database. */
  readonly isShared: boolean;
  /** Whether requests can be served: rejects with a `StorageError` when the database cannot be used. */
  check(): Promise<void>;
  /** Lets go of everything; what was acknowledged is stored already. */
  close(): Promise<void>;
}

/** Opens or makes a database, brings it up to date and gives its stores. Rejects with a `StorageError`. */
export async function openStores(config: StoresConfig): Promise<Stores> {
  const { database } = config;
  if (database.startsWith('sqlite:')) return openSqlite(database.slice('sqlite:'.length), config);
  if (/^postgres(ql)?:\/\//.test(database)) return openPostgres(database, config);
  throw new Error(`a database is sqlite:PATH or postgres://…, not ${database.replace(/:\/\/.*/, '://…')}`);
}

async function openSqlite(path: string, config: StoresConfig): Promise<Stores> {
  const { stateDirectory, clock = systemClock } = config;
  mkdirSync(stateDirectory, { recursive: true, mode: 0o700 });
  const connection = new SqliteConnection(path);
  const db = new Kysely<Tables>({ dialect: sqliteDialect(connection) });
  await migrate(db as Kysely<unknown>, 'sqlite').catch(async (error: unknown) => {
    await db.destroy();
    throw error;
  });
  const wakeups = new LocalWakeups();
  const logs = new FileLogStore(join(stateDirectory, 'logs'), wakeups);
  return {
    ...(await openFiles(stateDirectory, clock)),
    executions: new SqlExecutionStore(db, new SqliteExecutionWriter(connection), wakeups, clock),
    workers: new SqlWorkerStore(db, freshMs(config)),
    tokens: new SqlTokenStore(db),
    logs,
    wakeups,
    isShared: false,
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

async function openPostgres(url: string, config: StoresConfig): Promise<Stores> {
  const { sharedDirectory, clock = systemClock } = config;
  const pool = new PostgresPool(url);
  const db = new Kysely<Tables>({ dialect: postgresDialect(pool) });
  const wakeups = new PostgresWakeups(url, clock);
  try {
    await migrate(db as Kysely<unknown>, 'postgres');
    await wakeups.start();
    const files = sharedDirectory === undefined ? null : await openFiles(sharedDirectory, clock);
    const snapshots = files?.snapshots ?? new PostgresSnapshotStore(pool, clock);
    if (snapshots instanceof PostgresSnapshotStore) await snapshots.removeLeftovers();
    return {
      executions: new SqlExecutionStore(db, new PostgresExecutionWriter(pool), wakeups, clock),
      workers: new SqlWorkerStore(db, freshMs(config)),
      tokens: new SqlTokenStore(db),
      // Also beside a shared directory: appending from several machines is what network file systems do badly.
      logs: new PostgresLogStore(pool, wakeups),
      artifacts: files?.artifacts ?? new PostgresArtifactStore(pool),
      snapshots,
      wakeups,
      isShared: true,
      check: async () => {
        await pool.query('select 1');
      },
      close: async () => {
        await wakeups.close();
        await db.destroy();
        await pool.close();
      },
    };
  } catch (error) {
    await wakeups.close();
    await db.destroy();
    await pool.close();
    throw storageErrorOf(error, 'PostgreSQL');
  }
}

async function openFiles(
  directory: string,
  clock: Clock,
): Promise<{ artifacts: FileArtifactStore; snapshots: FileSnapshotStore }> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const snapshots = new FileSnapshotStore(join(directory, 'sources'));
  await snapshots.removeLeftovers(clock.now());
  return { artifacts: new FileArtifactStore(join(directory, 'artifacts')), snapshots };
}

/** Heartbeats closer together than this are not written. */
const freshMs = ({ leases = defaultLeases }: StoresConfig): number => leases.heartbeatMs / 5;
