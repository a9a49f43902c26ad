import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jobPlan } from '@xx-pipeline/testing';
import { code, ok, Rig } from '../execution/Rig.ts';

const describe = { name: 'w', slots: 2, labels: [], version: '1' };

test('of two processes with one identity the second is refused while the first lives', async () => {
  await using rig = await Rig.open();
  const { registry } = rig.main.scheduling;
  const workerId = rig.id();
  const [first, second] = [rig.id(), rig.id()];
  ok(await registry.register({ ...describe, workerId, instanceId: first }));
  assert.equal(code(await registry.register({ ...describe, workerId, instanceId: second })), 'conflict');
  await rig.pass(60);
  ok(await registry.register({ ...describe, workerId, instanceId: second }));
  const beat = { workerId, instanceId: first, freeSlots: 2, attempts: [] };
  assert.equal(code(await registry.heartbeat(beat)), 'conflict');
  assert.equal(code(await registry.heartbeat({ ...beat, workerId: rig.id() })), 'not_found');
});

test('a worker that was restarted takes over at once, with its attempts', async () => {
  await using rig = await Rig.open();
  const { registry } = rig.main.scheduling;
  const { taken, workerId, instanceId: previousInstanceId } = await rig.willing();
  const { id } = await rig.run(jobPlan('a', 'one'));
  await rig.schedule();
  const [request] = taken;
  assert(request);
  const { jobId, token = '' } = request;
  ok(await rig.jobs.updateJobExecutionStatus({ jobId, status: 'RUNNING', token }, { kind: 'worker', name: 'w' }));
  const instanceId = rig.id();
  ok(await registry.register({ ...describe, workerId, instanceId, previousInstanceId }));
  const beat = { workerId, instanceId, freeSlots: 0, attempts: [{ jobId, attempt: 1, token }] };
  for (let minute = 0; minute < 6; minute++) {
    await rig.pass(20);
    assert.deepEqual(ok(await registry.heartbeat(beat)), { cancel: [], lost: [] });
  }
  assert.equal((await rig.job(id, 'a')).status, 'RUNNING');
  await rig.pass(60);
  const { lost } = ok(await registry.heartbeat(beat));
  assert.deepEqual(lost, [{ jobId, attempt: 1, reason: `no heartbeat from worker ${workerId} for 45 s` }]);
});

test('nobody loses a job because the server was away, or its database', async () => {
  await using rig = await Rig.open();
  const { taken } = await rig.willing();
  const { id } = await rig.run(jobPlan('a', 'one'));
  await rig.schedule();
  const { jobId = '', token = '' } = taken[0] ?? {};
  ok(await rig.jobs.updateJobExecutionStatus({ jobId, status: 'RUNNING', token }, { kind: 'worker', name: 'w' }));
  // Nobody sweeps, nobody listens.
  await rig.clock.advance(300_000);
  await rig.restart();
  await rig.pass(40);
  assert.equal((await rig.job(id, 'a')).status, 'RUNNING');
  // The machine slept.
  await rig.clock.advance(300_000);
  await rig.pass(40);
  assert.equal((await rig.job(id, 'a')).status, 'RUNNING');
  await rig.pass(10);
  assert.equal((await rig.job(id, 'a')).status, 'FAILED');
});

test('people see workers without what the workers want to be shown', async () => {
  await using rig = await Rig.open();
  const { workerId } = await rig.willing({ labels: ['gpu'], name: 'big' });
  const [worker] = await rig.main.scheduling.registry.list();
  assert.equal(worker?.url, `http://${workerId}.test`);
  assert.deepEqual([worker.name, worker.state, worker.busy, worker.labels], ['big', 'online', 0, ['gpu']]);
  const stored = await rig.main.stores.workers.list();
  assert.equal(JSON.stringify(stored).includes('a-token-for-pushing'), false);
  await rig.pass(50);
  assert.equal((await rig.main.scheduling.registry.list())[0]?.state, 'lost');
});
