import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jobPlan } from '../execution/plans.ts';
import { ok, Rig } from '../execution/Rig.ts';
import { makePostgres } from '../store/databases.ts';

test('a worker that polls one backend hears there of a cancel that another backend was asked for', async () => {
  await using rig = await Rig.open(2, makePostgres);
  const { workerId, instanceId } = await rig.worker(null);
  const [one, two] = rig.backends;
  assert(one && two);
  const never = new AbortController().signal;
  const poll = { workerId, instanceId, freeSlots: 1, waitSeconds: 60 };
  const first = one.scheduling.scheduler.takeJobsFor(poll, never);
  const { id } = await rig.run(jobPlan('a', 'one'));
  await rig.schedule();
  const [job] = ok(await first).jobs;
  const running = { jobId: job?.jobId ?? '', status: 'RUNNING' as const, token: job?.token ?? '' };
  ok(await rig.jobs.updateJobExecutionStatus(running, { kind: 'worker' }));
  const waiting = two.scheduling.scheduler.takeJobsFor({ ...poll, freeSlots: 0 }, never);
  ok(await one.services.pipelines.cancelPipelineExecution(id, undefined));
  // Time stands still here: nothing but the cancel answers the poll.
  assert.deepEqual(ok(await waiting), { jobs: [], heartbeat: true });
});

test('a run that was reserved with one backend is so with every other', async () => {
  await using rig = await Rig.open(2, makePostgres);
  const other = await rig.willing({ slots: 10 });
  const mine = await rig.willing({ slots: 1 });
  const { id } = await rig.run(jobPlan('a', 'one'), jobPlan('b', 'one'));
  const [one] = rig.backends;
  ok(await (one?.scheduling.registry.reserve(id, mine) ?? assert.fail()));
  await rig.schedule(1);
  await rig.schedule(0);
  assert.deepEqual([other.taken.length, mine.taken.length], [0, 1]);
});
