import { freePort } from '@xx-pipeline/testing';
import type { FaultCase } from '../FaultCase.ts';
import { FaultProxy } from '../FaultProxy.ts';
import { FaultWorld, pass, patientLease, shortLease } from '../FaultWorld.ts';
import { fiveJobs, oneJob } from '../pipelines.ts';

/** Backend and worker do not hear each other for a while. */
export const networkCut: FaultCase = {
  number: 4,
  title: 'the network between worker and backend is cut',
  done: 'connections break and are refused, or nothing passes and nothing breaks; for less or for more than the lease',
  audited: 'shorter: the same attempt; longer: the next one, the lost one ended by its worker',
  async run(random) {
    const longer = random.chance(0.5);
    const mode = random.oneOf<'cut' | 'silent'>(['cut', 'silent']);
    await using world = await FaultWorld.open(longer ? shortLease : patientLease);
    await world.rig.startWorker('one', { backendUrl: world.proxy.url });
    const shape = { lines: 300, pause: longer ? 0.8 : 0.2 };
    const retry = ', retry: {max: 2, when: runner_system_failure}';
    const id = await world.submit(longer ? oneJob(shape, retry) : fiveJobs(shape));
    await world.writing(id, 'a', random.between(1, 2000));
    world.proxy.mode = mode;
    const ms = longer ? random.between(5500, 8000) : random.between(200, 4000);
    await pass(ms);
    world.proxy.mode = 'open';
    await world.audit(id, { status: 'SUCCESS', lines: 300, attempts: longer ? 3 : 1 });
    return `${mode}, ${ms} ms, lease ${longer ? shortLease.lease : patientLease.lease} s`;
  },
};

/** What was said has been heard, but whoever said it never learns. */
export const answersLost: FaultCase = {
  number: 5,
  title: 'only answers get lost',
  done: 'a proxy passes calls on and breaks the connection instead of answering: status, log, upload, poll, heartbeat, push',
  audited: 'each job has run once, no log line twice',
  async run(random) {
    await using world = await FaultWorld.open(patientLease);
    const push = random.chance(0.5);
    const port = await freePort();
    const toWorker = await FaultProxy.start(`http://127.0.0.1:${port}`);
    world.atEnd(() => toWorker[Symbol.asyncDispose]());
    const way = push ? { listen: `127.0.0.1:${port}`, publicUrl: toWorker.url } : {};
    await world.rig.startWorker('one', { backendUrl: world.proxy.url, ...way });
    const lost = [
      world.proxy.loseAnswers((_, path) => path.startsWith('/api/job/status'), random.between(1, 4)),
      world.proxy.loseAnswers((method) => method === 'PATCH', random.between(1, 4)),
      world.proxy.loseAnswers((_, path) => path.startsWith('/api/job/artifact'), random.between(0, 2)),
      world.proxy.loseAnswers((_, path) => path.startsWith('/api/workers/heartbeat'), random.between(0, 2)),
      world.proxy.loseAnswers((_, path) => path.startsWith('/api/workers/poll'), push ? 0 : random.between(0, 1)),
      toWorker.loseAnswers((_, path) => path.startsWith('/api/job/execute'), push ? random.between(1, 2) : 0),
    ];
    const planned = lost.reduce((sum, { times }) => sum + times, 0);
    const id = await world.submit(fiveJobs({ lines: 300, pause: 0.1 }));
    await world.audit(id, { status: 'SUCCESS', lines: 300, mayMiss: !push });
    return `${push ? 'push' : 'poll'}, ${world.proxy.lost + toWorker.lost} of ${planned} answers`;
  },
};
