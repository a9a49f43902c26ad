import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jobPlan } from '@xx-pipeline/testing';
import { watchExecutions } from '../../src/scheduling/watch-executions.ts';
import { alice, ok, Rig } from '../execution/Rig.ts';

const { signal } = new AbortController();

test('a job that a person has begun and forgotten fails long after its timeout', async () => {
  await using rig = await Rig.open();
  const { id } = await rig.run(jobPlan('a', 'one', { timeout: 60 }), jobPlan('b', 'two', { when: 'always' }));
  const jobId = (await rig.job(id, 'a')).id;
  ok(await rig.jobs.updateJobExecutionStatus({ jobId, status: 'RUNNING' }, alice));
  const { stores, services } = rig.main;
  await rig.clock.advance(3_600_000);
  assert.equal(await watchExecutions(stores.executions, services, signal), 0);
  await rig.clock.advance(61_000);
  assert.equal(await watchExecutions(stores.executions, services, signal), 1);
  assert.equal((await rig.job(id, 'a')).attempts[0]?.failureReason, 'timeout');
  assert.equal((await rig.job(id, 'b')).status, 'PENDING');
});

test('a run that nobody moved goes on', async () => {
  await using rig = await Rig.open();
  const { id } = await rig.run(jobPlan('a', 'one'), jobPlan('b', 'two'));
  const { stores, services } = rig.main;
  assert.equal(await watchExecutions(stores.executions, services, signal), 0);
  // As if the process had died between the end of one job and the decision about the next.
  await stores.executions.change(id, ({ execution, assignments }) => {
    const jobs = execution.jobs.map((job) => (job.name === 'a' ? { ...job, status: 'SUCCESS' as const } : job));
    return { execution: { ...execution, jobs }, assignments, events: [], result: null };
  });
  assert.equal(await watchExecutions(stores.executions, services, signal), 1);
  assert.equal((await rig.job(id, 'b')).status, 'PENDING');
});
