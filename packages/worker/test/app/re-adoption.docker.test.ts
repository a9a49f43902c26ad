import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '@xx-pipeline/common';
import { DockerClient } from '../../src/execution/docker/DockerClient.ts';
import { EngineTransport } from '../../src/execution/docker/EngineTransport.ts';
import { findEngineAddress, processSurroundings } from '../../src/execution/docker/engine-address.ts';
import type { BackendJob } from './TestBackend.ts';
import { WorkerProcess } from './WorkerProcess.ts';
import { WorkerRig } from './WorkerRig.ts';

const lines = 300;
const numbers = `${Array.from({ length: lines }, (_, index) => index + 1).join('\n')}\n`;

/** Prints for about three seconds, on both streams, counts how often it was run, keeps a file and says good-bye. */
const script = [
  'echo run >> runs',
  `i=0; while [ $i -lt ${lines} ]; do i=$((i+1)); echo $i; echo $i >&2; sleep 0.01; done`,
  'wc -l < runs; echo $SECRET',
];
const more = {
  script,
  afterScript: ['echo after'],
  variables: [{ name: 'SECRET', value: 'hunter2-hunter2', secret: true }],
  artifacts: { name: 'a', paths: ['runs'], exclude: [], when: 'always' },
} as const;

function options(rig: WorkerRig) {
  return { ...rig.workerOptions, slots: 2, retryPauses: [5, 100] as const, executor: 'docker' as const };
}

async function containersOf(job: BackendJob): Promise<number> {
  const client = new DockerClient(new EngineTransport(findEngineAddress(processSurroundings())));
  try {
    return (await client.listContainers(`io.xx-pipeline.job=${job.jobId}`)).length;
  } finally {
    client.transport.close();
  }
}

async function noContainerOf(job: BackendJob): Promise<void> {
  while ((await containersOf(job)) > 0) await systemClock.sleep(50);
}

test('however often its worker is killed, a job runs once and its log is whole', async () => {
  await using rig = await WorkerRig.make();
  const job = rig.backend.job();
  let worker = await WorkerProcess.start(options(rig));
  await worker.api.executeJob({ body: job.request(more) });
  for (const line of [20, 120, 250]) {
    await rig.backend.until(() => job.streams.stdout.includes(`\n${line}\n`), `line ${line}`);
    await worker.kill();
    worker = await WorkerProcess.start(options(rig));
  }
  await rig.backend.over(job);
  assert.equal(job.streams.stdout, `${numbers}1\n[MASKED]\nafter\n`);
  assert.equal(job.streams.stderr, numbers);
  assert.deepEqual(job.statuses, ['RUNNING', 'SUCCESS']);
  assert.equal(job.artifactDone, true);
  const told = job.streams.runner.split('\n').filter((line) => line !== '');
  assert.equal(new Set(told).size, told.length, `a line of ours came twice: ${told.join(' | ')}`);
  assert.equal(told.at(-1), 'Job succeeded');
  await worker.terminate();
  await noContainerOf(job);
  assert.deepEqual(await readdir(join(rig.state, 'attempts')), []);
});

test('a job that ends while its worker is dead is told by the next one', async () => {
  await using rig = await WorkerRig.make();
  const job = rig.backend.job();
  const first = await WorkerProcess.start(options(rig));
  await first.api.executeJob({ body: job.request({ script: ['echo begun; sleep 1; echo ended; exit 7'] }) });
  await rig.backend.until(() => job.streams.stdout === 'begun\n');
  await first.kill();
  await systemClock.sleep(1500);
  await using second = await WorkerProcess.start(options(rig));
  await rig.backend.over(job);
  assert.equal(job.streams.stdout, 'begun\nended\n');
  assert.equal(job.updates.at(-1)?.exitCode, 7);
  assert.equal(job.updates.at(-1)?.failureReason, 'script_failure');
  await second.terminate();
});

test('a container whose attempt was taken away while its worker was dead is removed, and nothing is told', async () => {
  await using rig = await WorkerRig.make();
  const job = rig.backend.job();
  const first = await WorkerProcess.start(options(rig));
  await first.api.executeJob({ body: job.request({ script: ['echo begun; sleep 600'] }) });
  await rig.backend.until(() => job.streams.stdout === 'begun\n');
  await first.kill();
  assert.equal(await containersOf(job), 1);
  job.takeAway();
  await using second = await WorkerProcess.start(options(rig));
  await noContainerOf(job);
  assert.deepEqual(job.statuses, ['RUNNING']);
  await second.terminate();
});

test('a job whose container is lost with its worker is given back', async () => {
  await using rig = await WorkerRig.make();
  const job = rig.backend.job();
  const first = await WorkerProcess.start(options(rig));
  await first.api.executeJob({ body: job.request({ script: ['echo begun; sleep 600'] }) });
  await rig.backend.until(() => job.streams.stdout === 'begun\n');
  await first.kill();
  const client = new DockerClient(new EngineTransport(findEngineAddress(processSurroundings())));
  const [container] = await client.listContainers(`io.xx-pipeline.job=${job.jobId}`);
  await client.removeContainer(container?.Id ?? '');
  client.transport.close();
  await using second = await WorkerProcess.start(options(rig));
  await rig.backend.over(job);
  assert.equal(job.updates.at(-1)?.failureReason, 'system_failure');
  await second.terminate();
});
