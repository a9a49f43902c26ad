import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { FaultCase } from '../FaultCase.ts';
import { FaultWorld, pass, patientLease } from '../FaultWorld.ts';
import { fiveJobs } from '../pipelines.ts';
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

/** The worker's disk is full when a job writes much and the backend is away. */
export const workerDiskFull: FaultCase = {
  number: 7,
  title: "the worker's disk is full during a burst of log",
  done: 'its state directory lies on a small tmpfs; the backend cannot be reached while a job writes more than fits',
  audited: 'the run ends, the job with system_failure and the reason, or whole; a job after it succeeds',
  missing: () => SmallDisk.missing(),
  async run(random) {
    const disk = new SmallDisk(12);
    try {
      await using world = await FaultWorld.open(patientLease);
      await world.rig.startWorker('one', {
        backendUrl: world.proxy.url,
        stateDirectory: join(disk.path, 'worker'),
        slots: 1,
      });
      const burst = 'echo begin; sleep 1; head -c 40000000 /dev/zero | tr "\\0" "x" | fold -w 99; echo end';
      const id = await world.submit(`image: busybox:latest\na: {script: ['${burst}']}\n`);
      await world.writing(id, 'a', 1);
      world.proxy.mode = 'cut';
      await pass(random.between(2000, 5000));
      world.proxy.mode = 'open';
      const execution = await world
        .seen(
          id,
          'the job to end',
          ({ jobs }) => jobs[0]?.attempts[0]?.completedAt !== null && jobs[0]?.attempts.length === 1,
        )
        .catch(() => world.look(id));
      const [attempt] = execution?.jobs[0]?.attempts ?? [];
      if (attempt?.status !== 'SUCCESS') {
        assert.equal(attempt?.failureReason, 'system_failure', JSON.stringify(attempt));
        assert.match(attempt?.failureMessage ?? '', /disk|space|ENOSPC/i);
      }
      await world.audit(id, {
        status: attempt?.status === 'SUCCESS' ? 'SUCCESS' : 'FAILED',
        lines: 0,
        artifacts: false,
      });
      const next = await world.submit('image: busybox:latest\na: {script: [echo next]}\n');
      await world.audit(next, { status: 'SUCCESS', lines: 0, artifacts: false });
      return `the job: ${attempt?.status} ${attempt?.failureMessage ?? ''}`;
    } finally {
      disk.remove();
    }
  },
};
