import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StorageError } from '../../src/storage/StorageError.ts';
import type { WorkerRecord } from '../../src/store/WorkerStore.ts';
import type { MakeDatabase } from './databases.ts';
import { assign, assignmentTo, createExecution } from './executions.ts';

const worker = (more: Partial<WorkerRecord> = {}): WorkerRecord => ({
  id: 'w1',
  instanceId: 'first',
  name: 'builder',
  url: null,
  pushToken: null,
  slots: 4,
  labels: ['linux', 'arm64'],
  version: '1.0.0',
  draining: false,
  lastSeenAt: 1000,
  ...more,
});

/** What workers, tokens and the database itself promise. */
export function testRegistry(name: string, make: MakeDatabase): void {
  test(`${name}: a worker's identity belongs to one living process`, async () => {
    await using database = await make();
    const { workers } = await database.open();
    assert.equal(await workers.register(worker(), 0), true);
    const clone = worker({ instanceId: 'second', lastSeenAt: 2000, url: 'http://127.0.0.1:1' });
    assert.equal(await workers.register(clone, 500), false);
    assert.equal(await workers.seen('w1', 'second', 2000), 'other-instance');
    assert.equal(await workers.seen('w1', 'first', 3000), 'ok');
    assert.equal(await workers.seen('w2', 'first', 3000), 'unknown');
    assert.deepEqual(await workers.list(), [{ worker: worker({ lastSeenAt: 3000 }), busy: 0 }]);
    // The same process again, and another one once it is silent.
    assert.equal(await workers.register(worker({ slots: 8, lastSeenAt: 3500 }), 3400), true);
    assert.equal(await workers.register(clone, 3500), true);
    assert.deepEqual(await workers.list(), [{ worker: clone, busy: 0 }]);
  });

  test(`${name}: workers show what they hold, drain, and are forgotten only when they hold nothing`, async () => {
    await using database = await make();
    const stores = await database.open();
    const { workers } = stores;
    for (const id of ['w1', 'w2']) await workers.register(worker({ id }), 0);
    const { id, jobs } = await createExecution(stores, { pending: true });
    for (const job of jobs) await assign(stores, id, assignmentTo('w1', job.id));
    assert.deepEqual(
      (await workers.list()).map(({ worker, busy }) => [worker.id, busy]),
      [
        ['w1', 2],
        ['w2', 0],
      ],
    );
    assert.equal((await workers.setDraining('w1', true))?.draining, true);
    assert.equal(await workers.setDraining('w3', true), null);
    await workers.forget(1000);
    assert.equal((await workers.list()).length, 2);
    await workers.forget(1001);
    assert.deepEqual(
      (await workers.list()).map(({ worker }) => [worker.id, worker.draining]),
      [['w1', true]],
    );
  });

  test(`${name}: what workers want to be shown survives the step to a column of its own`, async () => {
    await using database = await make();
    const before = await database.open();
    await before.workers.register(worker({ id: 'w0' }), 0);
    await before.workers.register(worker({ id: 'w1', url: 'http://127.0.0.1:1/#xx1.sealed' }), 0);
    await before.workers.register(worker({ id: 'w2', url: 'http://127.0.0.1:2/' }), 0);
    await database.execute(`alter table workers drop column push_token; drop table reservations;
      delete from schema_migrations where name = '0003-workers'`);
    const { workers } = await database.open();
    assert.deepEqual(
      (await workers.list()).map(({ worker: { url, pushToken } }) => [url, pushToken]),
      [
        [null, null],
        ['http://127.0.0.1:1/', 'xx1.sealed'],
        ['http://127.0.0.1:2/', null],
      ],
    );
  });

  test(`${name}: a run is one worker's alone until another takes it, or it is over`, async () => {
    await using database = await make();
    const stores = await database.open();
    const { workers } = stores;
    const one = await createExecution(stores, { pending: true });
    const two = await createExecution(stores, { pending: true });
    await workers.reserve(one.id, 'w1');
    await workers.reserve(two.id, 'w1');
    await workers.reserve(two.id, 'w2');
    const byRun = async () => new Map((await workers.reservations()).map((row) => [row.executionId, row.workerId]));
    assert.deepEqual(
      await byRun(),
      new Map([
        [one.id, 'w1'],
        [two.id, 'w2'],
      ]),
    );
    await database.execute(`update executions set status = 'SUCCESS' where id = '${one.id}'`);
    assert.deepEqual(await byRun(), new Map([[two.id, 'w2']]));
    await database.execute(`update executions set status = 'RUNNING' where id = '${one.id}'`);
    assert.deepEqual(await byRun(), new Map([[two.id, 'w2']]));
  });

  test(`${name}: tokens are found by their hash until they are revoked`, async () => {
    await using database = await make();
    const { tokens } = await database.open();
    const [one, two] = ['1'.repeat(64), '2'.repeat(64)];
    await tokens.add({ hash: one, role: 'person', name: 'ada', createdAt: 1 });
    await tokens.add({ hash: one, role: 'worker', name: 'impostor', createdAt: 2 });
    await tokens.add({ hash: two, role: 'worker', name: 'builder', createdAt: 2 });
    assert.deepEqual(await tokens.find(one), { role: 'person', name: 'ada' });
    assert.equal(await tokens.find('3'.repeat(64)), null);
    assert.equal(await tokens.revoke('ada'), true);
    assert.equal(await tokens.revoke('ada'), false);
    assert.equal(await tokens.find(one), null);
    assert.deepEqual(await tokens.find(two), { role: 'worker', name: 'builder' });
  });

  test(`${name}: a database of a newer version is refused with its reason`, async () => {
    await using database = await make();
    await database.open();
    await database.execute(`insert into schema_migrations (name) values ('9999-future')`);
    await assert.rejects(database.open(), (error: unknown) => {
      assert.ok(error instanceof StorageError);
      assert.equal(error.problem, 'newer');
      assert.match(error.message, /newer version of xx.*9999-future/);
      return true;
    });
  });
}
