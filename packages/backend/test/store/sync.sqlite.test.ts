import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { test } from 'node:test';
import { StorageError } from '../../src/storage/StorageError.ts';
import { SqliteConnection } from '../../src/store/dialects/SqliteConnection.ts';
import type { DiskSync } from '../../src/store/dialects/wal-sync.ts';
import { makeSqlite } from './databases.ts';

test('SQLite: nobody is told of success before the log is on the disk, and who comes meanwhile shares the next sync', async () => {
  await using database = await makeSqlite();
  const disk = new ManualDisk();
  const connection = open(database.url, disk);
  const told: string[] = [];
  const first = write(connection, 'first').then(() => told.push('first'));
  const ofFirst = await disk.asked();
  const others = ['second', 'third'].map((name) => write(connection, name).then(() => told.push(name)));
  assert.deepEqual(namesIn(connection), ['first']);
  assert.deepEqual(told, []);
  ofFirst.resolve();
  await first;
  const ofOthers = await disk.asked();
  assert.deepEqual(namesIn(connection), ['first', 'second', 'third']);
  assert.deepEqual(told, ['first']);
  ofOthers.resolve();
  await Promise.all(others);
  assert.deepEqual(told, ['first', 'second', 'third']);
  assert.equal(disk.count, 2);
  await connection.close();
});

test('SQLite: after a sync that failed the log is written into the database before anybody is told of success', async () => {
  await using database = await makeSqlite();
  const disk = new ManualDisk();
  const connection = open(database.url, disk);
  const failing = write(connection, 'first', 100_000);
  (await disk.asked()).reject(Object.assign(new Error('EIO: i/o error'), { code: 'EIO' }));
  await assert.rejects(failing, (error) => error instanceof StorageError && error.problem === 'unavailable');
  const wal = `${database.url.slice('sqlite:'.length)}-wal`;
  const before = statSync(wal).size;
  const next = write(connection, 'second');
  (await disk.asked()).resolve();
  await next;
  // The log began anew with the second.
  assert.ok(statSync(wal).size < before, `${statSync(wal).size} of ${before}`);
  assert.deepEqual(namesIn(connection), ['first', 'second']);
  await connection.close();
});

/** A disk that is ready when the test says so. */
class ManualDisk implements DiskSync {
  readonly #asked: PromiseWithResolvers<void>[] = [];
  #waiting: PromiseWithResolvers<void> | null = null;
  count = 0;

  sync(): Promise<void> {
    const answer = Promise.withResolvers<void>();
    this.count += 1;
    this.#asked.push(answer);
    this.#waiting?.resolve();
    return answer.promise;
  }

  async asked(): Promise<PromiseWithResolvers<void>> {
    for (let next = this.#asked.shift(); ; next = this.#asked.shift()) {
      if (next !== undefined) return next;
      this.#waiting = Promise.withResolvers<void>();
      await this.#waiting.promise;
    }
  }

  async close(): Promise<void> {}
}

function open(url: string, disk: DiskSync): SqliteConnection {
  const connection = new SqliteConnection(url.slice('sqlite:'.length), () => disk);
  connection.execute('create table names (name text, filling blob)', []);
  return connection;
}

const write = (connection: SqliteConnection, name: string, filling = 0): Promise<number> =>
  connection.write(() => connection.run('insert into names values (?, zeroblob(?))', [name, filling]));

const namesIn = (connection: SqliteConnection): string[] =>
  connection.all<{ name: string }>('select name from names order by rowid', []).map(({ name }) => name);
