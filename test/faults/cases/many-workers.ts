import assert from 'node:assert/strict';
import { join } from 'node:path';
import { systemClock } from '@xx-pipeline/common';
import { createServiceLog } from '@xx-pipeline/service';
import { until } from '@xx-pipeline/testing';
import { startWorker } from '@xx-pipeline/worker';
import type { FaultCase } from '../FaultCase.ts';
import { FaultWorld, pass } from '../FaultWorld.ts';

const many = 200;

/** Everybody comes back in the same moment. */
export const manyWorkers: FaultCase = {
  number: 13,
  title: `${many} workers reconnect at once`,
  done: `kill -9 of the backend under ${many} polling workers (scripted jobs) and a run of ${many} jobs; started again`,
  audited: 'every worker is online again, every job has run once',
  async run(random) {
    await using world = await FaultWorld.open({ heartbeat: 2, lease: 60, accept: 20 });
    const { rig } = world;
    const log = createServiceLog({ write: () => undefined }, systemClock);
    const workers = await Promise.all(
      Array.from({ length: many }, (_, index) =>
        startWorker({
          stateDirectory: join(rig.directory, 'many', String(index)),
          backendUrl: rig.url,
          token: rig.workerToken,
          name: `w${index}`,
          slots: 1,
          version: '0.0.0',
          executor: 'scripted',
          farewellSeconds: 1,
          log,
        }),
      ),
    );
    world.beforeEnd(() => Promise.all(workers.map((worker) => worker.close())));
    const online = async () => {
      const answer = await rig.api.listWorkers().catch(() => null);
      return answer !== null && answer.body.workers.filter(({ state }) => state === 'online').length === many;
    };
    await until('all workers to be there', online);
    const id = await world.submit(`a: {image: scripted, parallel: ${many}, script: [echo begin, sleep 3, echo end]}\n`);
    await world.seen(
      id,
      'some jobs to run',
      ({ jobs }) => jobs.filter(({ status }) => status === 'RUNNING').length > 20,
    );
    await rig.stopBackend('SIGKILL');
    await pass(random.between(0, 1500));
    const startedAt = performance.now();
    await rig.startBackend();
    await until('all workers to be back', online);
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    const { jobs } = await world.audit(id, { status: 'SUCCESS', lines: 0, artifacts: false, mayMiss: true });
    assert.equal(jobs.length, many);
    return `all back ${seconds} s after the start`;
  },
};
