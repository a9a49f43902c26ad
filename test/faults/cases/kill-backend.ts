import type { FaultCase } from '../FaultCase.ts';
import { FaultWorld, pass, patientLease } from '../FaultWorld.ts';
import { fiveJobs } from '../pipelines.ts';

/** What is seen of five jobs, some of which change together; the last is the end. */
const transitions = 9;

/** The backend dies at each transition of a run. */
export const killBackend: FaultCase = {
  number: 1,
  title: 'the backend is killed at a transition of a run',
  done: 'kill -9 at the n-th change of the five jobs, n by the seed; started again up to 0.8 s later, some times twice',
  audited: 'each job has run once',
  async run(random, seed) {
    await using world = await FaultWorld.open(patientLease);
    const { rig } = world;
    await rig.startWorker('one', { push: random.chance(0.5) });
    const id = await world.submit(fiveJobs({ lines: 200, pause: 0.1 }));
    const at = seed % transitions;
    let changes = 0;
    let last = '';
    const state = await world.seen(id, `change ${at}`, ({ jobs, status }) => {
      const now = jobs.map((job) => job.status).join(' ');
      if (now !== last) changes++;
      last = now;
      return changes > at || status !== 'RUNNING';
    });
    const kills = random.chance(0.3) ? 2 : 1;
    for (let kill = 0; kill < kills; kill++) {
      await pass(random.between(0, 30));
      await rig.stopBackend('SIGKILL');
      await pass(random.between(0, 800));
      await rig.startBackend();
    }
    await world.audit(id, { status: 'SUCCESS', lines: 200 });
    return `${kills}x at ${state.jobs.map((job) => job.status[0]).join('')}`;
  },
};
