import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { job, problemOf, withBackend } from './BackendRig.ts';

test(
  'changes of a run are told as they happen, and resumed behind the last one that arrived',
  withBackend(async (rig) => {
    const worker = await rig.registerWorker();
    const run = await rig.run(job('a'));
    const params = { id: run.id };
    const seen: (string | null)[] = [];
    const taken = await worker.start();
    for await (const { id, event } of (await rig.person.followExecution({ params })).body) {
      seen.push(id);
      if (event === 'job-changed') break;
    }
    await worker.tell(taken, { status: 'SUCCESS', exitCode: 0 });
    const headers = { 'last-event-id': seen.at(-1) ?? '' };
    const statuses: string[] = [];
    let finished = 0;
    for await (const { id, event, data } of (await rig.person.followExecution({ params }, { headers })).body) {
      assert(Number(id) > Number(seen.at(-1)), 'ids grow, none comes twice');
      seen.push(id);
      if (event === 'finished') finished++;
      if (event !== 'job-changed') continue;
      statuses.push((JSON.parse(data) as { status: string }).status);
    }
    assert.equal(finished, 1);
    assert.equal(statuses.at(-1), 'SUCCESS');
    const last = { 'last-event-id': seen.at(-1) ?? '' };
    assert.deepEqual(await Array.fromAsync((await rig.person.followExecution({ params }, { headers: last })).body), []);
    const all = await Array.fromAsync((await rig.person.followExecution({ params })).body);
    assert.deepEqual(
      all.map(({ id }) => id),
      seen,
    );
  }),
);

test(
  'a stream of a run that the backend left open goes on after a restart',
  withBackend(async (rig) => {
    const worker = await rig.registerWorker();
    const run = await rig.run(job('a'));
    const params = { id: run.id };
    const taken = await worker.start();
    let last = '';
    let restarted = false;
    for await (const { id, data, event } of (await rig.person.followExecution({ params })).body) {
      last = id ?? '';
      if (event !== 'job-changed' || (JSON.parse(data) as { status: string }).status !== 'RUNNING') continue;
      restarted = true;
      await rig.restart();
    }
    assert(restarted, 'the stream ended because of the restart');
    await worker.tell(taken, { status: 'SUCCESS' });
    const { body } = await rig.person.followExecution({ params }, { headers: { 'last-event-id': last } });
    assert.equal((await Array.fromAsync(body)).at(-1)?.event, 'finished');
    assert.equal((await rig.person.getExecution({ params })).body.status, 'SUCCESS');
  }),
);

test(
  'following a run ends also where the backend died before it could tell of its end',
  withBackend(async (rig) => {
    const { id, status } = await rig.run(job('only after failures', { when: 'on_failure' }));
    assert.equal(status, 'SKIPPED');
    const params = { id };
    const types = async () =>
      (await Array.fromAsync((await rig.person.followExecution({ params })).body)).map(({ event }) => event);
    assert.deepEqual(await types(), ['finished']);
    const database = new DatabaseSync(join(rig.directory, 'xx.sqlite'));
    database.exec('delete from events');
    database.close();
    assert.deepEqual(await types(), []);
  }),
);

test(
  'runs are listed in pages, newest first, and filtered',
  withBackend(async (rig) => {
    for (let count = 0; count < 5; count++) await rig.run(job('a'));
    const first = (await rig.person.listExecutions({ query: { limit: 2 } })).body;
    assert.deepEqual(
      first.executions.map(({ runNumber }) => runNumber),
      [5, 4],
    );
    assert(first.nextCursor !== null);
    const second = (await rig.person.listExecutions({ query: { limit: 10, cursor: first.nextCursor } })).body;
    assert.deepEqual(
      second.executions.map(({ runNumber }) => runNumber),
      [3, 2, 1],
    );
    assert.equal(second.nextCursor, null);
    const third = (await rig.person.listExecutions({ query: { run: 3, limit: 50 } })).body;
    assert.equal(third.executions.length, 1);
    const none = (await rig.person.listReports({ query: { pipeline: 'other', limit: 50 } })).body;
    assert.deepEqual(none.reports, []);
    assert.equal(
      (await problemOf(rig.person.listExecutions({ query: { limit: 5, cursor: '???' } }))).code,
      'bad_request',
    );
  }),
);

test(
  'a worker that waits for jobs is answered when the backend stops',
  withBackend(async (rig) => {
    const { workerId, instanceId } = await rig.registerWorker();
    const waiting = rig.worker.pollJobs({ body: { workerId, instanceId, freeSlots: 1, waitSeconds: 60 } }).then(
      ({ body }) => body.jobs.length,
      // It may not even have arrived.
      (error: Error) => error.name,
    );
    const began = performance.now();
    await rig.restart();
    const ended = await waiting;
    assert([0, 'ApiUnreachable'].includes(ended), String(ended));
    assert(performance.now() - began < 30_000, 'it did not wait until the end of the poll');
  }),
);
