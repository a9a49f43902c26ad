import assert from 'node:assert/strict';
import { join } from 'node:path';
import { isTerminal } from '@xx-pipeline/common';
import { until } from '@xx-pipeline/testing';
import { readLog } from '../audit.ts';
import type { FaultCase } from '../FaultCase.ts';
import { FaultWorld, pass, patientLease } from '../FaultWorld.ts';
import { fiveJobs } from '../pipelines.ts';
import type { Random } from '../Random.ts';
import { SmallDisk } from '../SmallDisk.ts';

/** The backend's disk is full for a while. */
export const backendDiskFull: FaultCase = {
  number: 6,
  title: "the backend's disk is full for a while",
  done: 'its database, logs and artifacts lie on a small tmpfs that is filled up in the middle of a run, for 1 to 4 s',
  audited: 'each job has run once',
  missing: () => SmallDisk.missing(),
  async run(random) {
    const disk = new SmallDisk(24);
    try {
      await using world = await FaultWorld.open(patientLease, { backendDirectory: join(disk.path, 'backend') });
      await world.rig.startWorker('one');
      const id = await world.submit(fiveJobs({ lines: 300, pause: 0.2 }));
      const job = random.oneOf(['a', 'c', 'e']);
      await world.writing(id, job, random.between(1, 2000));
      disk.fill();
      const ms = random.between(1000, 4000);
      await pass(ms);
      assert.ok(disk.free < 65_536, `${disk.free} bytes were free`);
      disk.relieve();
      await world.audit(id, { status: 'SUCCESS', lines: 300 });
      return `${ms} ms, while ${job} ran`;
    } finally {
      disk.remove();
    }
  },
};

/** The worker's disk is full when a job writes much and the backend is away, or when it ends. */
export const workerDiskFull: FaultCase = {
  number: 7,
  title: "the worker's disk is full during a burst of log, or when a job ends",
  done: 'its state directory lies on a small tmpfs; the backend cannot be reached while a job writes more than fits, or the disk is filled up while a job runs that keeps a file or none',
  audited:
    'the run ends; the log says how much of it is missing, if any is; a job that cannot keep its file fails with system_failure and says why; a job after it succeeds',
  missing: () => SmallDisk.missing(),
  async run(random, seed) {
    const disk = new SmallDisk(12);
    try {
      await using world = await FaultWorld.open(patientLease);
      await world.rig.startWorker('one', {
        backendUrl: world.proxy.url,
        stateDirectory: join(disk.path, 'worker'),
        slots: 1,
      });
      const told = await (seed % 2 === 0 ? filled(world, disk, random) : burst(world, random));
      disk.relieve();
      const next = await world.submit('image: busybox:latest\na: {script: [echo next]}\n');
      await world.audit(next, { status: 'SUCCESS', lines: 0, artifacts: false });
      return told;
    } finally {
      disk.remove();
    }
  },
};

async function burst(world: FaultWorld, random: Random): Promise<string> {
  const bytes = random.between(8_000_000, 40_000_000);
  const write = `echo begin; sleep 1; head -c ${bytes} /dev/zero | tr "\\0" "x" | fold -w 99; echo end`;
  const id = await world.submit(`image: busybox:latest\na: {script: ['${write}']}\n`);
  await world.writing(id, 'a', 1);
  world.proxy.mode = 'cut';
  await pass(random.between(2000, 5000));
  world.proxy.mode = 'open';
  const { jobs } = await world.audit(id, { status: 'SUCCESS', lines: 0, artifacts: false });
  const log = await readLog(world.rig, jobs[0]?.id ?? '', 1);
  const missing = bytes - (log.match(/^x+$/gm) ?? []).join('').length;
  const announced = [...log.matchAll(/(\d+) bytes of the log are missing/g)].reduce((sum, [, n]) => sum + Number(n), 0);
  const gaps = log.match(/Up to 128 KiB of the standard output may be missing/g)?.length ?? 0;
  assert.ok(missing <= announced + gaps * 131_072, `${missing} bytes missing, ${announced} announced, ${gaps} gaps`);
  return `${missing} of ${bytes} bytes are missing, ${announced} and ${gaps} gaps announced`;
}

async function filled(world: FaultWorld, disk: SmallDisk, random: Random): Promise<string> {
  const keeps = random.chance(0.5);
  const make = keeps ? 'head -c 1000000 /dev/urandom > kept' : 'true';
  // What is filled up by then is seen from inside too: the workspace lies there.
  const wait = 'i=0; while echo > probe && [ $i -lt 100 ]; do i=$((i+1)); sleep 0.1; done';
  const artifacts = keeps ? ', artifacts: {paths: [kept]}' : '';
  const lines = random.between(1, 5000);
  const id = await world.submit(
    `image: busybox:latest\na: {script: ['${make}; echo begun', '${wait}', 'seq 1 ${lines}']${artifacts}}\n`,
  );
  await world.writing(id, 'a', 1);
  disk.fill();
  const isOver = async () => isTerminal((await world.look(id))?.status ?? 'RUNNING');
  await until('the run to end', isOver, 60_000, 100);
  const { jobs } = await world.audit(id, { status: keeps ? 'FAILED' : 'SUCCESS', lines: 0, artifacts: false });
  const log = await readLog(world.rig, jobs[0]?.id ?? '', 1);
  assert.ok(
    new RegExp(`^${lines}$`, 'm').test(log) || log.includes('missing here'),
    `not a word of what is missing: ${log}`,
  );
  const attempt = jobs[0]?.attempts[0];
  if (keeps) {
    assert.equal(attempt?.failureReason, 'system_failure', JSON.stringify(attempt));
    assert.match(attempt?.failureMessage ?? '', /artifacts.*(disk|space)/);
  }
  return `filled up, the job: ${attempt?.status} ${attempt?.failureMessage ?? ''}`;
}
