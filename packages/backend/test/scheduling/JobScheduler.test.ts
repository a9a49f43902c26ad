import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JobRequest } from '@xx-pipeline/common';
import { jobPlan } from '@xx-pipeline/testing';
import type { PushAnswer } from '../../src/scheduling/WorkerClient.ts';
import { alice, code, input, ok, Rig } from '../execution/Rig.ts';

const jobs = (count: number) => Array.from({ length: count }, (_, number) => jobPlan(`j${number}`, 'one'));

test('a job goes only to a worker that has all its labels', async () => {
  await using rig = await Rig.open();
  const plain = await rig.willing({ labels: ['linux'] });
  const able = await rig.willing({ labels: ['linux', 'gpu'] });
  await rig.run(jobPlan('a', 'one', { tags: ['gpu', 'linux'] }), jobPlan('b', 'one', { tags: ['gpu'] }));
  await rig.schedule();
  assert.deepEqual([plain.taken.length, able.taken.length], [0, 2]);
});

test('jobs are spread over workers by their share of free slots, and no worker gets more than its slots', async () => {
  await using rig = await Rig.open();
  const big = await rig.willing({ slots: 6 });
  const small = await rig.willing({ slots: 2 });
  const { id } = await rig.run(...jobs(4));
  await rig.schedule();
  assert.deepEqual([big.taken.length, small.taken.length], [3, 1]);
  await rig.run(...jobs(20));
  await rig.schedule();
  assert.deepEqual([big.taken.length, small.taken.length], [6, 2]);
  const found = await rig.main.stores.executions.find(id);
  assert.equal(found?.assignments.size, 4);
});

test('a draining worker gets nothing, and one that was not heard of for long neither', async () => {
  await using rig = await Rig.open();
  const draining = await rig.willing();
  const silent = await rig.willing();
  ok(await rig.main.scheduling.registry.drain(draining.workerId));
  await rig.pass(30);
  const fresh = await rig.willing();
  await rig.run(...jobs(3));
  await rig.schedule();
  assert.deepEqual([draining.taken.length, silent.taken.length, fresh.taken.length], [0, 0, 3]);
});

test('a refused job is given to another worker at once, as the same attempt', async () => {
  await using rig = await Rig.open();
  let refusals = 0;
  await rig.worker({
    push: () => {
      refusals++;
      return { kind: 'refused', reason: 'no slot is free' };
    },
  });
  const { id } = await rig.run(jobPlan('a', 'one'));
  await rig.schedule();
  assert.equal(refusals, 1);
  const found = await rig.main.stores.executions.find(id);
  assert.equal(found?.assignments.size, 0);
  const { taken } = await rig.willing();
  await rig.schedule();
  assert.equal(taken[0]?.attempt, 1);
  assert.deepEqual((await rig.job(id, 'a')).attempts, []);
});

test('a worker that refuses is left alone for a while, longer each time', async () => {
  await using rig = await Rig.open();
  let pushes = 0;
  await rig.worker({
    push: () => {
      pushes++;
      return { kind: 'refused', reason: 'no slot is free' };
    },
  });
  await rig.run(jobPlan('a', 'one'));
  for (let look = 0; look < 100; look++) {
    await rig.schedule();
    await rig.clock.advance(10);
  }
  assert(pushes >= 4 && pushes <= 8, `${pushes} pushes in a second`);
});

test('a job whose push got no answer is not given to another worker before its time, and then as another attempt', async () => {
  await using rig = await Rig.open();
  const lost: JobRequest[] = [];
  await rig.worker({
    push: (request): PushAnswer => {
      lost.push(request);
      return { kind: 'unknown', reason: 'the connection broke' };
    },
  });
  const { id } = await rig.run(jobPlan('a', 'one'));
  await rig.schedule();
  const { taken, ...other } = await rig.willing();
  await rig.schedule();
  await rig.pass(10);
  await rig.schedule();
  assert.equal(taken.length, 0);
  await rig.pass(10);
  ok(await rig.main.scheduling.registry.heartbeat({ ...other, freeSlots: 4, attempts: [] }));
  await rig.schedule();
  assert.equal(taken[0]?.attempt, 2);
  const [first] = (await rig.job(id, 'a')).attempts;
  assert.deepEqual([first?.status, first?.failureReason, first?.startedAt], ['CANCELED', 'worker_lost', null]);
  const token = lost[0]?.token ?? '';
  const late = await rig.jobs.updateJobExecutionStatus(
    { jobId: lost[0]?.jobId ?? '', status: 'RUNNING', token },
    { kind: 'worker', name: 'w' },
  );
  assert(!late.ok);
  assert.equal(late.error.code, 'stale_attempt');
});

test('a request that its worker rejects fails its job with the reason, and the worker gets its next job at once', async () => {
  await using rig = await Rig.open();
  const pushed: string[] = [];
  await rig.worker({
    push: ({ jobName }) => {
      pushed.push(jobName);
      return jobName === 'bad' ? { kind: 'invalid', reason: '/script/0: Too big' } : { kind: 'accepted' };
    },
  });
  const { id } = await rig.run(jobPlan('bad', 'one'));
  await rig.schedule();
  const bad = await rig.job(id, 'bad');
  assert.equal(bad.status, 'FAILED');
  assert.equal(bad.attempts.at(-1)?.failureReason, 'config_error');
  assert.match(bad.attempts.at(-1)?.failureMessage ?? '', /rejects the request of the job: \/script\/0: Too big/);
  await rig.run(jobPlan('good', 'one'));
  await rig.schedule();
  assert.deepEqual(pushed, ['bad', 'good']);
});

test('an attempt that was never taken uses up no try', async () => {
  await using rig = await Rig.open();
  await rig.worker({ push: () => ({ kind: 'unknown', reason: 'the connection broke' }) });
  const { id } = await rig.run(jobPlan('a', 'one', { retry: { max: 1, when: ['always'], exitCodes: [] } }));
  await rig.schedule();
  await rig.pass(20);
  const { taken, ...w } = await rig.willing();
  ok(await rig.main.scheduling.registry.heartbeat({ ...w, freeSlots: 4, attempts: [] }));
  for (const attempt of [2, 3]) {
    await rig.schedule();
    const request = taken.find((one) => one.attempt === attempt);
    assert(request);
    const { jobId, token = '' } = request;
    ok(await rig.jobs.updateJobExecutionStatus({ jobId, status: 'FAILED', token }, { kind: 'worker', name: 'w' }));
  }
  assert.equal((await rig.job(id, 'a')).status, 'FAILED');
});

test('a worker that polls gets jobs as soon as there are some', async () => {
  await using rig = await Rig.open();
  const { workerId, instanceId } = await rig.worker(null);
  const stop = new AbortController();
  const running = rig.main.scheduling.scheduler.run(stop.signal);
  const never = new AbortController().signal;
  const poll = { workerId, instanceId, freeSlots: 2, waitSeconds: 20 };
  const waiting = rig.main.scheduling.scheduler.takeJobsFor(poll, never);
  await rig.run(...jobs(3));
  const { jobs: first } = ok(await waiting);
  assert(first.length >= 1 && first.length <= 2);
  const left = rig.main.scheduling.scheduler.takeJobsFor({ ...poll, freeSlots: 4 - first.length }, never);
  assert.equal(ok(await left).jobs.length + first.length, 3);
  const nothing = rig.main.scheduling.scheduler.takeJobsFor({ ...poll, freeSlots: 1 }, never);
  await rig.clock.advance(21_000);
  assert.deepEqual(ok(await nothing), { jobs: [], heartbeat: false });
  stop.abort();
  await running;
});

test('what a poll has got is given back when nobody waits for it any more', async () => {
  await using rig = await Rig.open();
  const { workerId, instanceId } = await rig.worker(null);
  const gone = new AbortController();
  const { scheduler } = rig.main.scheduling;
  const poll = scheduler.takeJobsFor({ workerId, instanceId, freeSlots: 1, waitSeconds: 60 }, gone.signal);
  const { id } = await rig.run(jobPlan('a', 'one'));
  const { executions } = rig.main.stores;
  const look = executions.pendingJobs.bind(executions);
  // The connection breaks while the scheduler looks for jobs.
  executions.pendingJobs = (limit) => {
    gone.abort();
    return look(limit);
  };
  await rig.schedule();
  assert.deepEqual(ok(await poll).jobs, []);
  const found = await rig.main.stores.executions.find(id);
  assert.equal(found?.assignments.size, 0);
  assert.equal(found?.execution.jobs[0]?.attempts.length, 0);
});

test('two schedulers on one database never give a job twice', async () => {
  await using rig = await Rig.open(2);
  const worker = await rig.willing({ slots: 100 });
  for (let number = 0; number < 5; number++) await rig.run(...jobs(8));
  for (let look = 0; look < 10; look++) await Promise.all([rig.schedule(0), rig.schedule(1)]);
  const given = worker.taken.map(({ jobId }) => jobId);
  assert.equal(given.length, 40);
  assert.equal(new Set(given).size, 40);
});

test('jobs that nobody can take do not stand in the way of those that somebody can', async () => {
  await using rig = await Rig.open();
  const worker = await rig.willing({ slots: 2 });
  await rig.run(...Array.from({ length: 300 }, (_, number) => jobPlan(`g${number}`, 'one', { tags: ['gpu'] })));
  await rig.clock.advance(1000);
  await rig.run(jobPlan('plain', 'one'));
  await rig.schedule();
  assert.deepEqual(
    worker.taken.map(({ jobName }) => jobName),
    ['plain'],
  );
});

test('a job is found behind more than ten thousand of its repository that no worker can take', async () => {
  await using rig = await Rig.open();
  const worker = await rig.willing({ slots: 2 });
  const waiting = Array.from({ length: 3400 }, (_, number) => jobPlan(`g${number}`, 'one', { tags: ['gpu'] }));
  for (let run = 0; run < 3; run++) await rig.run(...waiting);
  await rig.clock.advance(1000);
  await rig.run(jobPlan('plain', 'one'));
  await rig.schedule();
  assert.deepEqual(
    worker.taken.map(({ jobName }) => jobName),
    ['plain'],
  );
});

test('a slow worker holds up nobody', async () => {
  await using rig = await Rig.open();
  const answer = Promise.withResolvers<PushAnswer>();
  await rig.worker({ push: () => answer.promise }, { slots: 100 });
  const quick = await rig.willing({ slots: 10 });
  await rig.run(...jobs(60));
  const { scheduler } = rig.main.scheduling;
  await scheduler.schedule();
  await scheduler.schedule();
  assert.equal(quick.taken.length, 10);
  answer.resolve({ kind: 'accepted' });
  await scheduler.settled();
});

test('a waiting job says why, and goes on saying what is true', async () => {
  await using rig = await Rig.open();
  const stop = new AbortController();
  const running = rig.main.scheduling.scheduler.run(stop.signal);
  const { id } = await rig.run(jobPlan('a', 'one', { tags: ['gpu'] }), jobPlan('b', 'one'));
  const reasonOf = async (name: string, expected: RegExp) => {
    for (let look = 0; look < 100; look++) {
      await rig.clock.advance(500);
      if (expected.test((await rig.job(id, name)).waitingReason ?? '')) return;
    }
    assert.match((await rig.job(id, name)).waitingReason ?? '', expected);
  };
  await reasonOf('a', /^no worker is online$/);
  const end = { push: (): PushAnswer => ({ kind: 'accepted' }) };
  const { workerId, instanceId } = await rig.worker(end, { slots: 1, name: 'only' });
  const alive = async () =>
    ok(await rig.main.scheduling.registry.heartbeat({ workerId, instanceId, freeSlots: 0, attempts: [] }));
  await alive();
  await reasonOf('a', /^no worker has the label gpu \(1 online\)$/);
  const second = await rig.run(jobPlan('c', 'one'));
  await alive();
  for (let look = 0; look < 10; look++) await rig.clock.advance(500);
  assert.equal((await rig.job(second.id, 'c')).waitingReason, 'the only slot is busy');
  const before = (await rig.main.stores.executions.eventsAfter(id, 0, 1000)).length;
  await alive();
  for (let look = 0; look < 10; look++) await rig.clock.advance(500);
  assert.equal((await rig.main.stores.executions.eventsAfter(id, 0, 1000)).length, before);
  stop.abort();
  await running;
});

test('a delayed job that a person plays early stays due while no worker is free', async () => {
  await using rig = await Rig.open();
  const stop = new AbortController();
  const running = rig.main.scheduling.scheduler.run(stop.signal);
  const { id } = await rig.run(jobPlan('late', 'one', { when: 'delayed', startIn: 3600 }));
  await rig.clock.advance(60_000);
  assert.equal((await rig.job(id, 'late')).notBefore, '2026-01-01T01:00:00.000Z');
  ok(await rig.jobs.playJob((await rig.job(id, 'late')).id, alice, []));
  assert.equal((await rig.job(id, 'late')).notBefore, null);
  for (let look = 0; look < 10; look++) await rig.clock.advance(500);
  assert.equal((await rig.job(id, 'late')).waitingReason, 'no worker is online');
  const { taken } = await rig.willing();
  stop.abort();
  await running;
  await rig.schedule();
  assert.equal(taken.length, 1);
});

test('a repository with much work does not keep others waiting', async () => {
  await using rig = await Rig.open();
  const worker = await rig.willing({ slots: 4 });
  await rig.run(...jobs(50));
  const other = { ...input(jobPlan('theirs', 'one')) };
  const sourceInfo = { ...other.sourceInfo, repository: 'https://git.example/other' };
  ok(await rig.pipelines.createPipelineExecution({ ...other, sourceInfo }, alice, null));
  await rig.schedule();
  assert(worker.taken.some(({ jobName }) => jobName === 'theirs'));
});

test('a run that a worker has reserved goes to it alone, whatever its labels, each job in its turn and in its slots', async () => {
  await using rig = await Rig.open();
  const other = await rig.willing({ slots: 10 });
  const mine = await rig.willing({ slots: 2 });
  const needsB = { needs: [{ job: 'b', artifacts: false, optional: false }] };
  const run = await rig.run(
    jobPlan('a', 'one', { tags: ['nobody'] }),
    jobPlan('b', 'one'),
    jobPlan('c', 'one'),
    jobPlan('early', 'two', needsB),
    jobPlan('last', 'two'),
  );
  const answer = ok(await rig.main.scheduling.registry.reserve(run.id, mine));
  assert.deepEqual(answer, { pipelineExecutionId: run.id, jobs: 5 });
  await rig.run(jobPlan('of another run', 'one'));
  const order: string[] = [];
  for (let look = 0; look < 5; look++) {
    await rig.schedule();
    assert(mine.taken.length - order.length <= 2, 'never more than its slots');
    const next = mine.taken.find(({ jobName }) => !order.includes(jobName));
    if (next === undefined) break;
    order.push(next.jobName);
    const { jobId, token = '' } = next;
    ok(await rig.jobs.updateJobExecutionStatus({ jobId, status: 'SUCCESS', token }, { kind: 'worker', name: 'w' }));
  }
  assert.deepEqual(
    other.taken.map(({ jobName }) => jobName),
    ['of another run'],
  );
  assert.deepEqual(order.toSorted(), ['a', 'b', 'c', 'early', 'last']);
  assert.equal(order.at(-1), 'last');
  assert.equal((await rig.execution(run.id)).status, 'SUCCESS');
  const { registry } = rig.main.scheduling;
  assert.equal(code(await registry.reserve(run.id, mine)), 'conflict');
  ok(await registry.drain(mine.workerId));
  const { id } = await rig.run(jobPlan('later', 'one'));
  assert.equal(code(await registry.reserve(id, mine)), 'conflict');
});

test('a job of a reserved run that waits says for whom', async () => {
  await using rig = await Rig.open();
  await rig.willing({ slots: 10 });
  const mine = await rig.willing({ slots: 1, name: 'the-one' });
  const { id } = await rig.run(jobPlan('a', 'one'), jobPlan('b', 'one'));
  ok(await rig.main.scheduling.registry.reserve(id, mine));
  const stop = new AbortController();
  const running = rig.main.scheduling.scheduler.run(stop.signal);
  const waiting = async () => (await rig.execution(id)).jobs.map(({ waitingReason }) => waitingReason ?? '');
  for (let tries = 0; tries < 200 && !(await waiting()).some((reason) => reason.includes('reserved')); tries++) {
    await rig.clock.advance(500);
    await new Promise((resolve) => setImmediate(resolve));
  }
  stop.abort();
  await running;
  assert.deepEqual((await waiting()).toSorted(), [
    '',
    'the run is reserved for worker the-one, which has no free slot',
  ]);
});

test('a reservation lapses with its worker, and not because nobody was there to hear it', async () => {
  await using rig = await Rig.open();
  const mine = await rig.willing({ slots: 1 });
  const { id } = await rig.run(...jobs(2));
  const { registry } = rig.main.scheduling;
  ok(await registry.reserve(id, mine));
  await rig.schedule();
  assert.equal(mine.taken.length, 1);
  // The server is away for a while. The other worker comes back first.
  await rig.clock.advance(60_000);
  await rig.restart();
  const other = await rig.willing();
  await rig.schedule();
  assert.equal(other.taken.length, 0);
  const [first] = mine.taken;
  ok(
    await rig.main.scheduling.registry.heartbeat({
      ...{ workerId: mine.workerId, instanceId: mine.instanceId, freeSlots: 0 },
      attempts: [{ jobId: first?.jobId ?? '', attempt: 1, token: first?.token ?? '' }],
    }),
  );
  await rig.pass(20);
  await rig.schedule();
  assert.equal(other.taken.length, 0);
  // It is heard of no more: the job it had and the one it had not go on elsewhere.
  for (let second = 0; second < 60; second += 10) {
    await rig.pass(10);
    const { workerId, instanceId } = other;
    const attempts = other.taken.map(({ jobId, attempt, token = '' }) => ({ jobId, attempt, token }));
    ok(await rig.main.scheduling.registry.heartbeat({ workerId, instanceId, freeSlots: 4, attempts }));
    await rig.schedule();
  }
  assert.deepEqual(other.taken.map(({ jobName, attempt }) => [jobName, attempt]).toSorted(), [
    ['j0', 2],
    ['j1', 1],
  ]);
});

test('a worker that polls is asked for a heartbeat as soon as one of its jobs is to be canceled', async () => {
  await using rig = await Rig.open();
  const { workerId, instanceId } = await rig.worker(null);
  const { scheduler: here } = rig.main.scheduling;
  const never = new AbortController().signal;
  const poll = { workerId, instanceId, freeSlots: 1, waitSeconds: 20 };
  const first = here.takeJobsFor(poll, never);
  const { id, jobs: made } = await rig.run(jobPlan('a', 'one'));
  await rig.schedule();
  const [job] = ok(await first).jobs;
  ok(
    await rig.jobs.updateJobExecutionStatus(
      { jobId: job?.jobId ?? '', status: 'RUNNING', token: job?.token ?? '' },
      { kind: 'worker', name: 'w' },
    ),
  );
  const full = { ...poll, freeSlots: 0 };
  const waiting = here.takeJobsFor(full, never);
  ok(await rig.pipelines.cancelPipelineExecution(id, alice, undefined));
  assert.deepEqual(ok(await waiting), { jobs: [], heartbeat: true });
  const attempts = [{ jobId: made[0]?.id ?? '', attempt: 1, token: job?.token ?? '' }];
  // A cancel that comes between two polls is not missed.
  rig.main.scheduling.scheduler.nudge(workerId);
  assert.deepEqual(ok(await here.takeJobsFor(full, never)), { jobs: [], heartbeat: true });
  const beat = ok(await rig.main.scheduling.registry.heartbeat({ workerId, instanceId, freeSlots: 0, attempts }));
  assert.deepEqual(beat.cancel, [{ jobId: made[0]?.id, attempt: 1 }]);
});
