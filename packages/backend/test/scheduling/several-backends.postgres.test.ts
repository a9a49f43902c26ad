import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { jobPlan } from '@xx-pipeline/testing';
import { alice, type Backend, ok, Rig } from '../execution/Rig.ts';
import { makePostgres } from '../store/databases.ts';

/** Resolves when a worker waits in a poll of this backend. */
function polls({ stores: { wakeups } }: Backend, workerId: string): Promise<void> {
  const listen = wakeups.listen.bind(wakeups);
  return new Promise((resolve) => {
    wakeups.listen = (topic, listener) => {
      // The poll goes on to wait in the same turn.
      if (topic === `worker:${workerId}`) resolve();
      return listen(topic, listener);
    };
  });
}

test('a worker that polls one backend hears there of a cancel that another backend was asked for', async () => {
  await using rig = await Rig.open(2, makePostgres);
  const { workerId, instanceId } = await rig.worker(null);
  const [one, two] = rig.backends;
  assert(one && two);
  const never = new AbortController().signal;
  const poll = { workerId, instanceId, freeSlots: 1, waitSeconds: 60 };
  const polled = polls(one, workerId);
  const first = one.scheduling.scheduler.takeJobsFor(poll, never);
  const { id } = await rig.run(jobPlan('a', 'one'));
  await polled;
  await rig.schedule();
  const [job] = ok(await first).jobs;
  const running = { jobId: job?.jobId ?? '', status: 'RUNNING' as const, token: job?.token ?? '' };
  ok(await rig.jobs.updateJobExecutionStatus(running, { kind: 'worker', name: 'w' }));
  const polledThere = polls(two, workerId);
  const waiting = two.scheduling.scheduler.takeJobsFor({ ...poll, freeSlots: 0 }, never);
  await polledThere;
  ok(await one.services.pipelines.cancelPipelineExecution(id, alice, undefined));
  const answered = waiting.then((answer) => ({ answer }));
  // Hints are gathered for a moment; the poll's own time is not over within this.
  const moment = () => setTimeout(2).then(() => rig.clock.advance(1));
  for (;;) {
    const heard = await Promise.race([answered, moment()]);
    if (heard === undefined) continue;
    assert.deepEqual(ok(heard.answer), { jobs: [], heartbeat: true });
    return;
  }
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
