import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import type { BackendJob, Fate } from './TestBackend.ts';
import { WorkerProcess } from './WorkerProcess.ts';
import { WorkerRig } from './WorkerRig.ts';

const artifacts = { name: 'a', paths: ['out.txt'], exclude: [], when: 'always' } as const;

/** What must hold of a job that printed 200 KB after `first`, whatever the network did. */
function assertWhole(job: BackendJob, first = ''): void {
  assert.ok(job.streams.stdout.startsWith(first));
  assert.equal(job.streams.stdout.length, first.length + 200_004);
  assert.ok(job.streams.stdout.endsWith('end\n'));
  assert.equal(job.streams.runner.match(/Job succeeded/g)?.length, 1);
  assert.equal(job.status, 'SUCCESS');
  assert.equal(job.updates[0]?.status, 'RUNNING');
  assert.equal(job.artifactDone, true);
}

const script = ['flood 200000', 'print end', 'write out.txt kept'];

test('whatever calls are lost, cut or refused, everything arrives once and in order', async () => {
  const fates = fc.array(fc.constantFrom<Fate>('ok', 'answer lost', '503', 'cut'), { minLength: 1, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(fates, async (bad) => {
      await using rig = await WorkerRig.start();
      rig.backend.fate = (_operation, count) => bad[count - 1] ?? 'ok';
      const job = rig.backend.job();
      await rig.api.executeJob({ body: job.request({ script, artifacts }) });
      await rig.backend.over(job);
      assertWhole(job);
    }),
    { numRuns: 8 },
  );
});

test('a job that has begun runs on while the backend is unreachable, and is delivered when it is back', async () => {
  await using rig = await WorkerRig.start();
  const job = rig.backend.job();
  // The second one: then the worker has had an answer to the first, and knows that it is the worker.
  await rig.backend.until(() => rig.backend.calls.filter((call) => call === 'heartbeat').length > 1);
  await rig.api.executeJob({ body: job.request({ script: ['print begun', 'sleep 0.5', ...script], artifacts }) });
  await rig.backend.until(() => job.streams.stdout === 'begun\n');
  await rig.backend.stop();
  while ((await rig.api.health({})).body.undelivered === 0) await new Promise(setImmediate);
  rig.backend.worker = null;
  await rig.backend.restart();
  await rig.backend.over(job);
  assertWhole(job, 'begun\n');
  await rig.backend.until(() => rig.backend.worker !== null, 'the registration after the backend has forgotten it');
});

test('an attempt that was taken away is killed and nothing more is told', async () => {
  await using rig = await WorkerRig.start();
  const job = rig.backend.job();
  rig.backend.heartbeatSeconds = 3600;
  await rig.api.executeJob({ body: job.request({ script: ['print a', 'sleep 3600', 'print b'] }) });
  await rig.backend.until(() => job.status === 'RUNNING' && job.streams.stdout === 'a\n');
  const { token } = job;
  job.takeAway();
  // The new attempt comes here too: the old one must have gone before it runs.
  const second = await rig.api.executeJob({ body: job.request() });
  assert.equal(second.status, 202);
  await rig.backend.over(job);
  assert.ok(job.updates.slice(1).every((update) => update.token !== token));
});

test('a worker that another process has replaced gives up its jobs', async () => {
  await using rig = await WorkerRig.start();
  const job = rig.backend.job();
  await rig.api.executeJob({ body: job.request({ script: ['sleep 3600'] }) });
  await rig.backend.until(() => job.beats > 0 && job.status === 'RUNNING');
  assert.ok(rig.backend.worker);
  rig.backend.worker = { ...rig.backend.worker, instanceId: crypto.randomUUID() };
  while ((await rig.api.health({})).body.status !== 'failing') await new Promise(setImmediate);
  while ((await rig.api.health({})).body.running > 0) await new Promise(setImmediate);
  assert.deepEqual(job.statuses, ['RUNNING']);
});

test('two processes cannot be the same worker', async () => {
  await using rig = await WorkerRig.start();
  await assert.rejects(rig.startWorker(), { name: 'WorkerNotStarted', message: /uses this state directory/ });
});

test('a killed worker loses nothing: what ended is told, what ran is given back, what waited runs', async () => {
  await using rig = await WorkerRig.make();
  const options = { ...rig.workerOptions, slots: 2 };
  const [ended, running, waiting, needed] = ['ended', 'running', 'waiting', 'needed'].map((name) =>
    rig.backend.job(name),
  );
  assert.ok(ended && running && waiting && needed);
  needed.status = 'RUNNING';
  waiting.needs = [needed];
  await using first = await WorkerProcess.start(options);
  await first.api.executeJob({ body: running.request({ script: ['print begun', 'sleep 3600'] }) });
  await rig.backend.until(() => running.streams.stdout === 'begun\n');
  rig.backend.fate = (operation) => (operation === 'appendLog' ? '503' : 'ok');
  await first.api.executeJob({ body: ended.request({ script, artifacts }) });
  while ((await first.api.health({})).body.undelivered === 0) await new Promise(setImmediate);
  await first.api.executeJob({ body: waiting.request() });
  await first.kill();
  assert.equal(await rig.attemptsOnDisk(), 3);
  rig.backend.fate = () => 'ok';
  await using second = await WorkerProcess.start(options);
  await rig.backend.over(ended);
  assertWhole(ended);
  await rig.backend.over(running);
  assert.equal(running.updates.at(-1)?.failureReason, 'worker_lost');
  assert.equal(running.streams.stdout, 'begun\n');
  needed.status = 'SUCCESS';
  await rig.backend.over(waiting);
  assert.equal(waiting.streams.stdout, 'hello\n');
  await second.terminate();
  assert.deepEqual(await readdir(join(rig.state, 'attempts')), []);
});

test('killed in the moment after it accepted a job, a worker runs it in its next life', async () => {
  await using rig = await WorkerRig.make();
  const job = rig.backend.job();
  const options = rig.workerOptions;
  // Nothing of the job's own begins before its dependencies are known.
  const needed = rig.backend.job('needed');
  job.needs = [needed];
  rig.backend.fate = (operation) => (operation === 'getJobDependencies' ? '503' : 'ok');
  await using first = await WorkerProcess.start(options);
  assert.equal((await first.api.executeJob({ body: job.request() })).status, 202);
  await first.kill();
  rig.backend.fate = () => 'ok';
  needed.status = 'SUCCESS';
  await using _second = await WorkerProcess.start(options);
  await rig.backend.over(job);
  assert.deepEqual(job.statuses, ['RUNNING', 'SUCCESS']);
});

test('an attempt that was taken away while its worker was dead is not run again', async () => {
  await using rig = await WorkerRig.make();
  const job = rig.backend.job();
  const needed = rig.backend.job('needed');
  job.needs = [needed];
  rig.backend.fate = (operation) => (operation === 'getJobDependencies' ? '503' : 'ok');
  const worker = await rig.startWorker();
  await rig.api.executeJob({ body: job.request() });
  await rig.backend.until(() => job.beats > 0);
  await worker.close();
  assert.equal(job.updates.length, 1, 'a worker that ends in peace gives its jobs back');
  const fresh = rig.backend.job('fresh');
  const path = join(rig.state, 'attempts', '7');
  const { mkdir } = await import('node:fs/promises');
  await mkdir(path, { recursive: true });
  const kept = { request: fresh.request(), attempt: 1, acceptedAt: 1 };
  await writeFile(join(path, 'journal'), `\n${JSON.stringify(kept)}\n`);
  fresh.takeAway();
  rig.backend.fate = () => 'ok';
  await rig.startWorker();
  await rig.backend.until(() => fresh.beats > 0);
  while ((await rig.attemptsOnDisk()) > 0) await new Promise(setImmediate);
  assert.deepEqual(fresh.updates, []);
});

test('a worker killed before it heard that it was registered is itself again after the next start', async () => {
  await using rig = await WorkerRig.make();
  rig.backend.fate = (operation) => (operation === 'registerWorker' ? 'answer lost' : 'ok');
  const options = rig.workerOptions;
  for (const _ of [1, 2]) {
    const before = rig.backend.worker?.instanceId;
    await using worker = await WorkerProcess.start(options);
    await rig.backend.until(() => rig.backend.worker?.instanceId !== before, 'a registration');
    await worker.kill();
  }
  const before = rig.backend.worker?.instanceId;
  rig.backend.fate = () => 'ok';
  await using _last = await WorkerProcess.start(options);
  await rig.backend.until(() => rig.backend.worker?.instanceId !== before, 'the last registration');
});
