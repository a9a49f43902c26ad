import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { DatabaseSync } from 'node:sqlite';
import type { Clock } from '@xx-pipeline/common';
import pg from 'pg';
import { openStores, type Stores } from '../../src/open-stores.ts';

/** An empty database of one test, with the stores opened on it. */
export interface TestDatabase extends AsyncDisposable {
  readonly url: string;
  readonly stateDirectory: string;
  /** Opens stores on it; closed with the database. */
  open(clock?: Clock): Promise<Stores>;
  /** Runs a statement beside the stores. */
  execute(statement: string): Promise<void>;
}

/** Makes databases of one kind. */
export type MakeDatabase = () => Promise<TestDatabase>;

/** A file in a folder of its own. */
export const makeSqlite: MakeDatabase = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'xx-store-'));
  const path = join(folder, 'server.db');
  const execute = async (statement: string) => {
    const file = new DatabaseSync(path);
    file.exec(statement);
    file.close();
  };
  return testDatabase(`sqlite:${path}`, folder, { execute, drop: async () => undefined });
};

/** A database on the server that the tests are given. */
export const makePostgres: MakeDatabase = async () => {
  const server = process.env['XX_TEST_POSTGRES'];
  if (server === undefined || server === '') {
    throw new Error('set XX_TEST_POSTGRES to the postgres:// URL of a superuser: these tests need a PostgreSQL server');
  }
  const folder = await mkdtemp(join(tmpdir(), 'xx-store-'));
  const name = `xx_test_${randomUUID().replaceAll('-', '')}`;
  await onServer(server, `create database ${name}`);
  const url = new URL(server);
  url.pathname = name;
  return testDatabase(url.href, folder, {
    execute: (statement) => onServer(url.href, statement),
    drop: () => onServer(server, `drop database ${name} with (force)`),
  });
};

function testDatabase(
  url: string,
  stateDirectory: string,
  { execute, drop }: { readonly execute: TestDatabase['execute']; readonly drop: () => Promise<void> },
): TestDatabase {
  const opened: Stores[] = [];
  return {
    url,
    stateDirectory,
    execute,
    open: async (clock) => {
      const stores = await openStores({ database: url, stateDirectory, ...(clock === undefined ? {} : { clock }) });
      opened.push(stores);
      return stores;
    },
    [Symbol.asyncDispose]: async () => {
      for (const stores of opened) await stores.close();
      await drop();
      await rm(stateDirectory, { recursive: true, force: true });
    },
  };
}

async function onServer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
