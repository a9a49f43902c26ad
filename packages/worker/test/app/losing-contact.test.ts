import assert from 'node:assert/strict';
import { cp, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import type { StartedWorker } from '../../src/app/index.ts';
import type { BackendJob } from './TestBackend.ts';
import { WorkerRig } from './WorkerRig.ts';

/** A rig whose leases end soon, and a job that prints something at its end after two seconds, in which they do. */
async function rigWithJob(onlyBackend: boolean) {
  const rig = await WorkerRig.make();
  rig.backend.leaseSeconds = 1;
  rig.backend.onlyBackend = onlyBackend;
  const { promise: paused, resolve } = Promise.withResolvers<void>();
  const warn = (message: string) => /jobs are paused/.test(message) && resolve();
  await rig.startWorker({ log: { info: () => {}, warn, error: () => {} } });
  const job = rig.backend.job();
  await rig.api.executeJob({ body: job.request({ script: ['print one', 'sleep 2', 'print two'] }) });
  await rig.backend.until(() => job.streams.stdout === 'one\n');
  return { rig, job, paused };
}

/** What the log of a job says about its being paused. */
const pauses = (job: BackendJob): string[] =>
  job.streams.runner.split('\n').filter((line) => /^(paused|goes on)/.test(line));

test('a worker that nobody answers pauses its jobs, and lets them go on when somebody does', async () => {
  const { rig, job, paused } = await rigWithJob(false);
  await using _ = rig;
  rig.backend.fate = () => 'cut';
  await paused;
  rig.backend.fate = () => 'ok';
  await rig.backend.over(job);
  assert.equal(job.status, 'SUCCESS');
  assert.equal(job.streams.stdout, 'one\ntwo\n');
  assert.match(pauses(job).join('; '), /^paused: this worker has no contact with the server; goes on after \d+ s$/);
});

test('where nothing listens, jobs are paused if there may be other backends', async () => {
  const { rig, job, paused } = await rigWithJob(false);
  await using _ = rig;
  await rig.backend.stop();
  await paused;
  await rig.backend.restart();
  await rig.backend.over(job);
  assert.equal(job.status, 'SUCCESS');
  assert.equal(pauses(job).length, 2);
});

test('where nothing listens, jobs go on to their end if that was the only backend', async () => {
  const { rig, job } = await rigWithJob(true);
  await using _ = rig;
  await rig.backend.stop();
  while ((await rig.api.health({})).body.undelivered === 0) await new Promise(setImmediate);
  await rig.backend.restart();
  await rig.backend.over(job);
  assert.equal(job.status, 'SUCCESS');
  assert.deepEqual(pauses(job), []);
});

test("a second process on a copy of a worker's state touches nothing of the first one's", async () => {
  const { rig, job } = await rigWithJob(false);
  await using _ = rig;
  const copy = join(rig.directory, 'copy');
  // The worker writes and deletes its probe at any time.
  await cp(rig.state, copy, { recursive: true, filter: (path) => basename(path) !== 'probe' });
  await rm(join(copy, 'lock'));
  const first = rig.worker as StartedWorker;
  const refused: string[] = [];
  const log = { info: () => {}, warn: () => {}, error: (message: string) => refused.push(message) };
  const second = await rig.startWorker({ stateDirectory: copy, log });
  while (refused.length === 0) await new Promise(setImmediate);
  await second.close();
  await rig.backend.over(job);
  assert.deepEqual(refused, ['another process is this worker now']);
  assert.deepEqual(job.statuses, ['RUNNING', 'SUCCESS']);
  assert.equal(job.streams.stdout, 'one\ntwo\n');
  await first.close();
});
