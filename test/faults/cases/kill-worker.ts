import assert from 'node:assert/strict';
import type { FaultCase } from '../FaultCase.ts';
import { FaultWorld, pass, patientLease, shortLease } from '../FaultWorld.ts';
import { fiveJobs, oneJob } from '../pipelines.ts';

/** A worker dies and is back in time. */
export const killWorkerBackInTime: FaultCase = {
  number: 2,
  title: 'a worker is killed while containers run, and is back within the lease',
  done: 'kill -9 after some bytes of log, started again up to 1 s later with the same state directory',
  audited: 'the same attempt goes on in the same container, its log is whole',
  async run(random) {
    await using world = await FaultWorld.open(patientLease);
    const { rig } = world;
    const push = random.chance(0.5);
    await rig.startWorker('one', { push });
    const id = await world.submit(fiveJobs({ lines: 300, pause: 0.2 }));
    const job = random.oneOf(['a', 'b', 'c', 'd', 'e']);
    const bytes = random.between(1, 3000);
    await world.writing(id, job, bytes);
    await rig.stopWorker('one', 'SIGKILL');
    await pass(random.between(0, 1000));
    await rig.startWorker('one', { push });
    // A container that only waited for its script is made again: the script itself still runs once, its log shows it.
    await world.audit(id, { status: 'SUCCESS', lines: 300, mayRestart: true });
    return `${push ? 'push' : 'poll'}, ${bytes} bytes into ${job}`;
  },
};

/** A worker dies and is back when its jobs are somebody else's. */
export const killWorkerBackLate: FaultCase = {
  number: 3,
  title: 'a worker is killed while a container runs, and is back after the lease',
  done: 'kill -9; another worker is there; started again when the job has failed or its next attempt runs',
  audited: 'the next attempt succeeds, or without retry the job is FAILED worker_lost; the old container goes',
  async run(random) {
    await using world = await FaultWorld.open(shortLease);
    const { rig } = world;
    await rig.startWorker('one', { slots: 1 });
    const retry = random.chance(0.7);
    const more = retry ? ', retry: {max: 2, when: runner_system_failure}' : '';
    const id = await world.submit(oneJob({ lines: 400, pause: 0.4 }, more));
    await world.writing(id, 'a', random.between(1, 2000));
    await rig.stopWorker('one', 'SIGKILL');
    await rig.startWorker('two', { slots: 1 });
    if (retry) {
      const second = random.chance(0.5) ? 'RUNNING' : 'SUCCESS';
      await world.seen(
        id,
        'a second attempt',
        ({ jobs }) => jobs[0]?.attempts[1]?.status === second || jobs[0]?.attempts.length === 3,
      );
    } else {
      await world.seen(id, 'the job to fail', ({ status }) => status === 'FAILED');
    }
    await rig.startWorker('one', { slots: 1 });
    const status = retry ? 'SUCCESS' : 'FAILED';
    const execution = await world.audit(id, { status, lines: 400, attempts: 3 });
    const first = execution.jobs[0]?.attempts[0];
    assert.equal(first?.failureReason, 'worker_lost', 'the first attempt');
    return retry ? 'with retry' : 'without retry';
  },
};
