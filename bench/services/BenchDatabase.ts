import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import pg from 'pg';
import { findPostgres } from '../../scripts/testing/postgres/find-postgres.ts';
import { PostgresServer } from '../../scripts/testing/postgres/PostgresServer.ts';
import { TestDatabase } from '../../test/rig/TestDatabase.ts';
import type { BenchWorld } from '../BenchWorld.ts';
import { cpuOfTree } from './ServiceProcess.ts';

/** What a bench can run on. */
export type DatabaseKind = 'sqlite' | 'postgres';

/**
 * An empty database, gone when it is disposed. PostgreSQL: one in the server of XX_BENCH_POSTGRES, else in a server of
 * its own, with the settings it comes with where durability is concerned.
 */
export class BenchDatabase implements AsyncDisposable {
  readonly kind: DatabaseKind;
  readonly url: string;
  readonly #disposals: readonly AsyncDisposable[];
  readonly #postmaster: number | null;

  private constructor(
    kind: DatabaseKind,
    url: string,
    disposals: readonly AsyncDisposable[],
    postmaster: number | null,
  ) {
    this.kind = kind;
    this.url = url;
    this.#disposals = disposals;
    this.#postmaster = postmaster;
  }

  static async make(world: BenchWorld, kind: DatabaseKind): Promise<BenchDatabase> {
    if (kind === 'sqlite') {
      const path = join(world.folder, `${process.hrtime.bigint()}.sqlite`);
      return new BenchDatabase(kind, `sqlite:${path}`, [], null);
    }
    const given = process.env['XX_BENCH_POSTGRES'];
    const server = given === undefined || given === '' ? await startServer() : null;
    const database = await TestDatabase.make(server?.url ?? given);
    const disposals = server === null ? [database] : [database, server];
    return new BenchDatabase(kind, database.url, disposals, await postmasterOf(database.url));
  }

  /** How people call it. */
  get title(): string {
    return this.kind === 'sqlite' ? 'SQLite' : 'PostgreSQL';
  }

  /** CPU that a PostgreSQL server of this machine has used, in milliseconds; SQLite works within the backend. */
  get cpu(): number {
    return this.#postmaster === null ? 0 : cpuOfTree(this.#postmaster);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const each of this.#disposals) await each[Symbol.asyncDispose]();
  }
}

async function startServer(): Promise<PostgresServer> {
  const programs = findPostgres();
  if (programs === null) {
    throw new Error('no PostgreSQL: install it, or name a server: XX_BENCH_POSTGRES=postgres://…');
  }
  return await PostgresServer.start(programs);
}

/** The process above all others of a server; null when it is on another machine. */
async function postmasterOf(url: string): Promise<number | null> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
    const stat = readFileSync(`/proc/${rows[0]?.pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return null;
  } finally {
    await client.end();
  }
}
