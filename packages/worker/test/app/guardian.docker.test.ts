import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { until } from '@xx-pipeline/testing';
import { DockerClient } from '../../src/execution/docker/DockerClient.ts';
import { EngineTransport } from '../../src/execution/docker/EngineTransport.ts';
import { findEngineAddress, processSurroundings } from '../../src/execution/docker/engine-address.ts';
import type { BackendJob } from './TestBackend.ts';
import { WorkerProcess } from './WorkerProcess.ts';
import { WorkerRig } from './WorkerRig.ts';

const script = ['echo begun', 'while [ ! -e go ]; do sleep 0.1; done', 'echo ended'];

function options(rig: WorkerRig) {
  return { ...rig.workerOptions, slots: 2, retryPauses: [5, 100] as const, executor: 'docker' as const };
}

/** Asks the engine about a job's container. */
async function ask<T>(job: BackendJob, work: (client: DockerClient, id: string | undefined) => Promise<T>): Promise<T> {
  const client = new DockerClient(new EngineTransport(findEngineAddress(processSurroundings())));
  try {
    const [container] = await client.listContainers(`io.xx-pipeline.job=${job.jobId}`);
    return await work(client, container?.Id);
  } finally {
    client.transport.close();
  }
}

const isPaused = (job: BackendJob) =>
  ask(job, async (client, id) => (id === undefined ? null : (await client.inspectContainer(id))?.State.Paused));

const letGo = (job: BackendJob) => ask(job, (client, id) => client.exec(id ?? '', ['touch', '/workspace/go'], '0'));

/** A worker that was killed while a job's script ran, its container paused since. */
async function killedAndPaused(rig: WorkerRig): Promise<BackendJob> {
  const job = rig.backend.job();
  rig.backend.leaseSeconds = 4;
  const first = await WorkerProcess.start(options(rig));
  await first.api.executeJob({ body: job.request({ script }) });
  await rig.backend.until(() => job.streams.stdout === 'begun\n');
  assert.equal(await isPaused(job), false);
  assert.equal(existsSync(join(rig.state, 'guardian')), true);
  await first.kill();
  await until('the container to be paused', async () => (await isPaused(job)) === true);
  return job;
}

test('the container of a killed worker is paused, and goes on with the next process when it is still its', async () => {
  await using rig = await WorkerRig.make();
  const job = await killedAndPaused(rig);
  await until('the guardian to exit', () => !existsSync(join(rig.state, 'guardian')));
  await using second = await WorkerProcess.start(options(rig));
  await until('the container to be resumed', async () => (await isPaused(job)) === false);
  await letGo(job);
  await rig.backend.over(job);
  assert.equal(job.streams.stdout, 'begun\nended\n');
  assert.deepEqual(job.statuses, ['RUNNING', 'SUCCESS']);
  await second.terminate();
  await until('the guardian to exit', () => !existsSync(join(rig.state, 'guardian')));
});

test('the paused container of a killed worker is removed when its attempt was taken away', async () => {
  await using rig = await WorkerRig.make();
  const job = await killedAndPaused(rig);
  job.takeAway();
  await using second = await WorkerProcess.start(options(rig));
  await until('the container to be removed', async () => (await isPaused(job)) === null);
  assert.equal(job.streams.stdout, 'begun\n');
  await second.terminate();
});

test('a killed worker that is back in time finds its guardian, and nothing is paused', async () => {
  await using rig = await WorkerRig.make();
  const job = rig.backend.job();
  const first = await WorkerProcess.start(options(rig));
  await first.api.executeJob({ body: job.request({ script }) });
  await rig.backend.until(() => job.streams.stdout === 'begun\n');
  await until('the guardian to start', () => existsSync(join(rig.state, 'guardian')));
  const guardian = readFileSync(join(rig.state, 'guardian'), 'utf8');
  await first.kill();
  await using second = await WorkerProcess.start(options(rig));
  await until('the worker to have its job', async () => (await second.api.health({})).body.running === 1);
  assert.equal(readFileSync(join(rig.state, 'guardian'), 'utf8'), guardian);
  assert.equal(await isPaused(job), false);
  await letGo(job);
  await rig.backend.over(job);
  await second.terminate();
  await until('the guardian to exit', () => !existsSync(join(rig.state, 'guardian')));
});

test('while nothing listens where the only backend was, a killed worker has its containers going', async () => {
  await using rig = await WorkerRig.make();
  const job = rig.backend.job();
  rig.backend.leaseSeconds = 2;
  rig.backend.onlyBackend = true;
  const first = await WorkerProcess.start(options(rig));
  await first.api.executeJob({ body: job.request({ script: ['echo begun; sleep 5; echo ended'] }) });
  await rig.backend.until(() => job.streams.stdout === 'begun\n');
  await rig.backend.stop();
  await first.kill();
  // It ends by itself, which it could not if it were paused.
  await until('the script to end', () =>
    ask(
      job,
      async (client, id) => (await client.inspectContainer(id ?? ''))?.State.Running !== true || (await hasEnded(rig)),
    ),
  );
  await rig.backend.restart();
  await using second = await WorkerProcess.start(options(rig));
  await rig.backend.over(job);
  assert.equal(job.streams.stdout, 'begun\nended\n');
  await second.terminate();
});

/** The script has left its exit code beside its output. */
async function hasEnded(rig: WorkerRig): Promise<boolean> {
  const { glob } = await import('node:fs/promises');
  for await (const path of glob('work/*/r-*/io/out', { cwd: rig.state })) {
    if (readFileSync(join(rig.state, path), 'utf8').includes('ended')) return true;
  }
  return false;
}
