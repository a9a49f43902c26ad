import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { ApiProblem } from '@xx-pipeline/common/api';
import { WorkerRig } from './WorkerRig.ts';

test('a pushed job runs, and status, log and artifacts reach the backend in their order', async () => {
  await using rig = await WorkerRig.start();
  const job = rig.backend.job();
  const request = job.request({
    script: ['print one', 'warn two', 'write out.txt kept'],
    artifacts: { name: 'a', paths: ['out.txt'], exclude: [], when: 'on_success' },
  });
  const answer = await rig.api.executeJob({ body: request });
  assert.equal(answer.status, 202);
  await rig.backend.over(job);
  assert.deepEqual(job.statuses, ['RUNNING', 'SUCCESS']);
  assert.equal(job.streams.stdout, 'one\n');
  assert.equal(job.streams.stderr, 'two\n');
  assert.match(job.streams.runner, /Job succeeded/);
  assert.equal(job.updates[1]?.exitCode, 0);
  assert.equal(job.artifactDone, true);
  const about = rig.backend.calls.filter((call) => ['uploadArtifact', 'updateJobStatus', 'appendLog'].includes(call));
  assert.equal(about[0], 'updateJobStatus');
  assert.equal(about.at(-1), 'updateJobStatus');
});

test('artifacts of a needed job are fetched before the job runs', async () => {
  await using rig = await WorkerRig.start();
  const first = rig.backend.job('first');
  const artifacts = { name: 'a', paths: ['out.txt'], exclude: [], when: 'on_success' } as const;
  await rig.api.executeJob({ body: first.request({ script: ['write out.txt kept'], artifacts }) });
  await rig.backend.over(first);
  const second = rig.backend.job('second');
  second.needs = [first];
  await rig.api.executeJob({ body: second.request({ script: ['read out.txt'] }) });
  await rig.backend.over(second);
  assert.equal(second.streams.stdout, 'kept\n');
});

test('the same attempt again is known, also when it is over; an older one is refused', async () => {
  await using rig = await WorkerRig.start();
  const job = rig.backend.job();
  job.attempt = 2;
  const request = job.request();
  assert.equal((await rig.api.executeJob({ body: request })).status, 202);
  assert.equal((await rig.api.executeJob({ body: request })).status, 200);
  await rig.backend.over(job);
  await rig.worker?.drain();
  assert.equal((await rig.api.executeJob({ body: request })).status, 200);
  await assert.rejects(rig.api.executeJob({ body: { ...request, attempt: 1 } }), { status: 409 });
  assert.equal(job.statuses.filter((status) => status === 'RUNNING').length, 1);
});

test('a job is refused while all slots are taken', async () => {
  await using rig = await WorkerRig.start({ slots: 1 });
  const job = rig.backend.job();
  await rig.api.executeJob({ body: job.request({ script: ['sleep 3600'] }) });
  const error = await rig.api.executeJob({ body: rig.backend.job().request() }).catch((reason: unknown) => reason);
  assert.ok(error instanceof ApiProblem && error.status === 429 && error.problem.code === 'worker_full');
  await rig.api.cancelJob({ params: { jobId: job.jobId }, body: {} });
  await rig.backend.over(job);
  assert.equal(job.status, 'CANCELED');
});

test('a job that waits for another one holds no slot, and runs when that is done', async () => {
  await using rig = await WorkerRig.start({ slots: 1 });
  const needed = rig.backend.job('needed');
  needed.status = 'RUNNING';
  const waiting = rig.backend.job('waiting');
  waiting.needs = [needed];
  await rig.api.executeJob({ body: waiting.request() });
  await rig.backend.until(() => rig.backend.calls.filter((call) => call === 'getJobDependencies').length > 1);
  assert.equal((await rig.api.health({})).body.waiting, 1);
  const other = rig.backend.job('other');
  assert.equal((await rig.api.executeJob({ body: other.request() })).status, 202);
  await rig.backend.over(other);
  assert.equal(waiting.status, 'PENDING');
  needed.status = 'SUCCESS';
  await rig.backend.over(waiting);
  assert.equal(waiting.status, 'SUCCESS');
});

test('a job whose needed job has failed fails at once', async () => {
  await using rig = await WorkerRig.start();
  const needed = rig.backend.job('needed');
  needed.status = 'FAILED';
  const job = rig.backend.job();
  job.needs = [needed];
  await rig.api.executeJob({ body: job.request() });
  await rig.backend.over(job);
  assert.equal(job.updates.at(-1)?.failureReason, 'dependency_failed');
});

test('five fields are enough, even for a worker without a backend', async () => {
  await using rig = await WorkerRig.make();
  await rig.startWorker({ backendUrl: null, token: null, withoutToken: true });
  const jobId = randomUUID();
  const body = { jobId, jobName: 'j', stageName: 's', image: 'busybox', script: ['print hi'], unknown: 1 };
  const answer = await fetch(`${rig.worker?.url}/api/job/execute`, { method: 'POST', body: JSON.stringify(body) });
  assert.equal(answer.status, 202);
  assert.deepEqual(await answer.json(), { jobId, attempt: 1, state: 'accepted' });
  await rig.worker?.drain();
  const [kept] = await readdir(join(rig.state, 'kept'));
  assert.equal(kept, `${jobId}.1`);
  assert.match(await readFile(join(rig.state, 'kept', kept, 'job.json'), 'utf8'), /"status": "SUCCESS"/);
  assert.match(await readFile(join(rig.state, 'kept', kept, 'log.txt'), 'utf8'), /^hi$/m);
});

test('requests that are wrong are answered with every bad field, and strangers with nothing', async () => {
  await using rig = await WorkerRig.start();
  const url = `${rig.worker?.url}/api/job/execute`;
  const headers = { authorization: `Bearer ${rig.backend.workerToken}` };
  const wrong = await fetch(url, { method: 'POST', headers, body: '{"jobId": "../../etc", "script": "x"}' });
  assert.equal(wrong.status, 400);
  assert.equal(wrong.headers.get('content-type')?.split(';')[0], 'application/problem+json');
  const problem = (await wrong.json()) as { errors: { pointer: string }[] };
  const pointers = problem.errors.map((error) => error.pointer).sort();
  assert.deepEqual(pointers, ['/image', '/jobId', '/jobName', '/script', '/stageName']);
  assert.equal((await fetch(url, { method: 'POST', body: '{}' })).status, 401);
  const stranger = { authorization: 'Bearer xxw_somebody-elses-token' };
  assert.equal((await fetch(url, { method: 'POST', headers: stranger, body: '{}' })).status, 401);
  assert.deepEqual(await readdir(join(rig.state, 'attempts')), []);
});

test('the backend may call with the token it was given at registration', async () => {
  await using rig = await WorkerRig.start();
  await rig.backend.until(() => rig.backend.worker !== null);
  const { url, pushToken } = rig.backend.worker ?? {};
  assert.equal(url, rig.worker?.url);
  const headers = { authorization: `Bearer ${pushToken}` };
  const body = JSON.stringify(rig.backend.job().request());
  assert.equal((await fetch(`${url}/api/job/execute`, { method: 'POST', headers, body })).status, 202);
});

test('a run that is given to a worker is reserved for it, and the reason why it cannot be is told', async () => {
  await using rig = await WorkerRig.start();
  await rig.backend.until(() => rig.backend.worker !== null);
  const pipelineExecutionId = randomUUID();
  const answer = await rig.api.executePipeline({ body: { pipelineExecutionId } });
  assert.deepEqual(answer.body, { pipelineExecutionId, jobs: 4 });
  assert.deepEqual(rig.backend.reserved, [pipelineExecutionId]);
  rig.backend.fate = (operation) => (operation === 'reserveExecution' ? '503' : 'ok');
  await assert.rejects(rig.api.executePipeline({ body: { pipelineExecutionId } }), /a server in trouble/);
  rig.backend.fate = (operation) => (operation === 'reserveExecution' ? 'cut' : 'ok');
  await assert.rejects(rig.api.executePipeline({ body: { pipelineExecutionId } }), { status: 503 });
});

test('a worker that polls hears of a cancel at once, also while all its slots are taken', async () => {
  await using rig = await WorkerRig.start({ listen: null, slots: 1 });
  const job = rig.backend.job();
  rig.backend.pending = [job.request({ script: ['sleep 3600'] })];
  await rig.backend.until(() => job.status === 'RUNNING');
  // From now on heartbeats come only when they are asked for.
  rig.backend.heartbeatSeconds = 3600;
  rig.backend.worker = null;
  await rig.backend.until(() => rig.backend.worker !== null);
  const { beats } = job;
  await rig.backend.until(() => job.beats > beats);
  job.cancelRequested = true;
  rig.backend.nudges = true;
  await rig.backend.over(job);
  assert.equal(job.status, 'CANCELED');
  const next = rig.backend.job('next');
  rig.backend.pending = [next.request()];
  await rig.backend.over(next);
});

test('a worker that polls gets its jobs, a cancel, and what was taken away', async () => {
  await using rig = await WorkerRig.start({ listen: null, slots: 2 });
  const [quick, canceled, lost] = ['quick', 'canceled', 'lost'].map((name) => rig.backend.job(name));
  assert.ok(quick && canceled && lost);
  rig.backend.pending = [
    quick.request(),
    canceled.request({ script: ['sleep 3600'] }),
    lost.request({ script: ['sleep 3600'] }),
  ];
  await rig.backend.over(quick);
  await rig.backend.until(() => canceled.status === 'RUNNING' && lost.status === 'RUNNING');
  canceled.cancelRequested = true;
  await rig.backend.over(canceled);
  assert.equal(canceled.status, 'CANCELED');
  lost.takeAway();
  const told = lost.updates.length;
  const next = rig.backend.job('next');
  const after = rig.backend.job('after');
  rig.backend.pending = [next.request({ script: ['sleep 0'] }), after.request()];
  await rig.backend.over(after);
  assert.equal(lost.updates.length, told);
});

test('a job that a polling worker cannot read fails with the reason, and the other jobs of the answer run', async () => {
  await using rig = await WorkerRig.start({ listen: null, slots: 2 });
  const [bad, good] = [rig.backend.job('bad'), rig.backend.job('good')];
  rig.backend.pending = [bad.request({ script: [1 as never] }), good.request()];
  await rig.backend.over(good);
  await rig.backend.over(bad);
  assert.equal(good.status, 'SUCCESS');
  assert.deepEqual([bad.status, bad.updates.at(-1)?.failureReason], ['FAILED', 'config_error']);
  assert.match(bad.updates.at(-1)?.failureMessage ?? '', /cannot read the request of the job: \/script\/0/);
});

test('a worker that drains takes nothing more and gives back what does not end in time', async () => {
  await using rig = await WorkerRig.start({ drainSeconds: 0 });
  const job = rig.backend.job();
  await rig.api.executeJob({ body: job.request({ script: ['sleep 3600'] }) });
  await rig.backend.until(() => job.status === 'RUNNING');
  await rig.worker?.drain();
  assert.equal(rig.backend.drained, true);
  assert.equal(job.status, 'FAILED');
  assert.equal(job.updates.at(-1)?.failureReason, 'worker_lost');
  await assert.rejects(rig.api.executeJob({ body: rig.backend.job().request() }), { status: 429 });
  assert.equal((await rig.api.health({})).body.status, 'draining');
});

test('a newer attempt of a job takes the place of the one that runs, and is told whole', async () => {
  await using rig = await WorkerRig.start({ slots: 1 });
  rig.backend.heartbeatSeconds = 3600;
  const job = rig.backend.job();
  await rig.api.executeJob({ body: job.request({ script: ['print old', 'sleep 3600'] }) });
  await rig.backend.until(() => job.streams.stdout === 'old\n');
  job.takeAway();
  job.log = Buffer.alloc(0);
  job.streams.stdout = '';
  await assert.rejects(rig.api.executeJob({ body: job.request() }), { status: 429 }, 'its slot is still taken');
  await rig.api.cancelJob({ params: { jobId: job.jobId }, body: { attempt: 1 } });
  while ((await rig.api.health({})).body.running > 0) await new Promise(setImmediate);
  assert.equal((await rig.api.executeJob({ body: job.request() })).status, 202);
  await rig.backend.over(job);
  assert.equal(job.streams.stdout, 'hello\n');
});
