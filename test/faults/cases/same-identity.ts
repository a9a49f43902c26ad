import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { FaultCase } from '../FaultCase.ts';
import { FaultWorld, pass, patientLease } from '../FaultWorld.ts';
import { fiveJobs } from '../pipelines.ts';

/** A worker's machine is copied, and both run. */
export const sameIdentity: FaultCase = {
  number: 8,
  title: 'two workers with one identity',
  done: "a running worker's state directory is copied and a second worker started on the copy; jobs may be retried twice",
  audited: 'the first one goes on as if it were alone: one attempt, one container of each job',
  async run(random) {
    await using world = await FaultWorld.open(patientLease);
    const { rig } = world;
    await rig.startWorker('one');
    const retry = ', retry: {max: 2, when: runner_system_failure}';
    const id = await world.submit(fiveJobs({ lines: 200, pause: 0.3 }, retry));
    const before = random.chance(0.5);
    if (!before) await world.writing(id, random.oneOf(['a', 'c']), random.between(1, 1000));
    const copy = join(rig.directory, 'worker-copy');
    await cp(rig.workerDirectory('one'), copy, { recursive: true });
    await rm(join(copy, 'lock'));
    await rig.startWorker('copy', { stateDirectory: copy });
    await pass(random.between(0, 500));
    await world.audit(id, { status: 'SUCCESS', lines: 200 });
    return before ? 'before jobs began' : 'while jobs ran';
  },
};
