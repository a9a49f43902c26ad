import assert from 'node:assert/strict';
import { mkdir, rm, symlink, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { StorageError } from '../../src/storage/StorageError.ts';
import { makeSqlite } from '../store/databases.ts';
import { testLogs } from './logs-suite.ts';

testLogs('files', makeSqlite);

test('files: a full disk is a clear error, and the log goes on where it was', async () => {
  await using database = await makeSqlite();
  const { logs } = await database.open();
  const key = { jobId: 'aabbccdd', attempt: 1 };
  const folder = join(database.stateDirectory, 'logs', 'dd');
  await mkdir(folder, { recursive: true });
  // The system's own full disk.
  await symlink('/dev/full', join(folder, 'aabbccdd.1.log'));
  const chunk = { stream: 'stdout' as const, at: 1, bytes: Buffer.from('abc') };
  for (let tries = 0; tries < 2; tries++) {
    await assert.rejects(logs.append(key, 0, [chunk]), (error: unknown) => {
      assert.ok(error instanceof StorageError);
      assert.equal(error.problem, 'full');
      return true;
    });
    assert.equal(await logs.size(key), 0);
  }
  await logs.close();
  await rm(join(folder, 'aabbccdd.1.log'));
  assert.deepEqual(await logs.append(key, 0, [chunk]), { kind: 'appended', nextOffset: 3 });
  assert.equal((await logs.read(key, 0, 10)).length, 1);
});

test('files: what a killed process left beyond the end of a log is cut off', async () => {
  await using database = await makeSqlite();
  const key = { jobId: 'aabbccdd', attempt: 1 };
  const first = await database.open();
  const chunk = (stream: 'stdout' | 'stderr', text: string) => ({ stream, at: 1, bytes: Buffer.from(text) });
  await first.logs.append(key, 0, [chunk('stdout', 'abc'), chunk('stderr', 'def'), chunk('stdout', 'ghi')]);
  await first.logs.close();
  await truncate(join(database.stateDirectory, 'logs', 'dd', 'aabbccdd.1.log'), 4);
  const { logs } = await database.open();
  assert.deepEqual(await logs.append(key, 9, []), { kind: 'gap', nextOffset: 4 });
  await logs.append(key, 3, [chunk('stderr', 'def')]);
  const segments = await logs.read(key, 0, 100);
  assert.deepEqual(
    segments.map(({ chunk }) => [chunk.stream, Buffer.from(chunk.bytes).toString()]),
    [
      ['stdout', 'abc'],
      ['stderr', 'def'],
    ],
  );
});

test('files: more logs than may stay open are all served', async () => {
  await using database = await makeSqlite();
  const { logs } = await database.open();
  const keys = Array.from({ length: 300 }, (_, index) => ({ jobId: `job-${index}`, attempt: 1 }));
  for (const text of ['one', 'two']) {
    await Promise.all(
      keys.map(async (key) => {
        const bytes = Buffer.from(`${key.jobId} ${text}\n`);
        await logs.append(key, await logs.size(key), [{ stream: 'stdout', at: 1, bytes }]);
      }),
    );
  }
  for (const key of keys) {
    const [segment] = await logs.read(key, 0, 100);
    assert.equal(Buffer.from(segment?.chunk.bytes ?? []).toString(), `${key.jobId} one\n${key.jobId} two\n`);
  }
});
