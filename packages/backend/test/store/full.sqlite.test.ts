import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '@xx-pipeline/common';
import { Kysely } from 'kysely';
import { LocalWakeups } from '../../src/events/LocalWakeups.ts';
import { StorageError } from '../../src/storage/StorageError.ts';
import { SqliteConnection } from '../../src/store/dialects/SqliteConnection.ts';
import { SqliteExecutionWriter } from '../../src/store/dialects/SqliteExecutionWriter.ts';
import { sqliteDialect } from '../../src/store/dialects/sqlite.ts';
import { SqlExecutionStore } from '../../src/store/sql/SqlExecutionStore.ts';
import type { Tables } from '../../src/store/sql/tables.ts';
import { makeSqlite } from './databases.ts';
import { at, countUp, createExecution } from './executions.ts';

test('SQLite: a full disk is a clear error, nothing is half written, and it goes on once there is room', async () => {
  await using database = await makeSqlite();
  const { executions: reader } = await database.open();
  const connection = new SqliteConnection(database.url.slice('sqlite:'.length));
  const db = new Kysely<Tables>({ dialect: sqliteDialect(connection) });
  const executions = new SqlExecutionStore(db, new SqliteExecutionWriter(connection), new LocalWakeups(), systemClock);
  try {
    const { id, jobs } = await createExecution({ executions });
    const job = at(jobs, 0).id;
    const bigChange = (current: Parameters<typeof countUp>[0]) => {
      const change = countUp(current, job);
      return { ...change, events: [...change.events, { type: 'job-changed' as const, data: 'x'.repeat(200_000) }] };
    };
    const [size] = connection.all<{ page_count: number }>('pragma page_count', []);
    connection.execute(`pragma max_page_count = ${(size?.page_count ?? 0) + 8}`, []);
    // Two at the same time: the small one fits.
    const other = await createExecution({ executions }, { pipeline: 'other', jobs: ['one'] });
    const results = await Promise.allSettled([
      executions.change(id, bigChange),
      executions.change(other.id, (current) => countUp(current, at(other.jobs, 0).id)),
    ]);
    const [big, small] = results;
    assert.ok(big?.status === 'rejected' && big.reason instanceof StorageError);
    assert.equal(big.reason.problem, 'full');
    assert.match(big.reason.message, /no space left/);
    assert.deepEqual(await reader.eventsAfter(id, 0, 10), []);
    assert.equal(at((await reader.find(id))?.execution.jobs ?? [], 0).waitingReason, null);
    const written = await reader.eventsAfter(other.id, 0, 10);
    assert.equal(written.length, small?.status === 'fulfilled' ? 1 : 0);
    connection.execute('pragma max_page_count = 100000', []);
    assert.equal(await executions.change(id, bigChange), 1);
    assert.equal((await reader.eventsAfter(id, 0, 10)).length, 2);
  } finally {
    await db.destroy();
    await connection.close();
  }
});
