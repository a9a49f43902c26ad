import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openStores } from '../../src/open-stores.ts';
import { StorageError } from '../../src/storage/StorageError.ts';
import { makePostgres } from './databases.ts';
import { at, countUp, createExecution } from './executions.ts';
import { testExecutions } from './executions-suite.ts';
import { testRegistry } from './registry-suite.ts';

testExecutions('PostgreSQL', makePostgres);
testRegistry('PostgreSQL', makePostgres);

test('PostgreSQL: backends that start at once make the database once', async () => {
  await using database = await makePostgres();
  const all = await Promise.all([database.open(), database.open(), database.open()]);
  await Promise.all(all.map((stores) => stores.check()));
  await createExecution(at(all, 0));
  assert.equal((await at(all, 2).executions.list({ limit: 10 })).executions.length, 1);
});

test('PostgreSQL: a hint reaches those who listen at another backend', async () => {
  await using database = await makePostgres();
  const both = [await database.open(), await database.open()];
  const { promise, resolve } = Promise.withResolvers<void>();
  at(both, 1).wakeups.listen('jobs-pending', resolve);
  at(both, 0).wakeups.notify('jobs-pending');
  await promise;
});

test('PostgreSQL: a database that cannot be reached is a storage problem, without a password in the message', async () => {
  const database = 'postgres://somebody:hunter2@127.0.0.1:1/none';
  await assert.rejects(openStores({ database, stateDirectory: '/nonexistent' }), (error: unknown) => {
    assert.ok(error instanceof StorageError);
    assert.equal(error.problem, 'unavailable');
    assert.doesNotMatch(error.message, /hunter2/);
    return true;
  });
});

test('PostgreSQL: connections that break are replaced, and hints come again', async () => {
  await using database = await makePostgres();
  const both = [await database.open(), await database.open()];
  const { id, jobs } = await createExecution(at(both, 0));
  const { promise, resolve } = Promise.withResolvers<void>();
  // All who listen are woken when the connection is back.
  at(both, 1).wakeups.listen(`execution:${id}`, resolve);
  await database.execute(
    'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
  );
  await promise;
  for (;;) {
    // A broken connection may be met once, while its end is not yet known here.
    const count = await at(both, 0)
      .executions.change(id, (current) => countUp(current, at(jobs, 0).id))
      .catch((error: unknown) => {
        assert.ok(error instanceof StorageError);
        return null;
      });
    if (count !== null) break;
  }
  assert.equal(at((await at(both, 1).executions.find(id))?.execution.jobs ?? [], 0).waitingReason, '1');
});
