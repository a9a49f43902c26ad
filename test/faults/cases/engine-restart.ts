import assert from 'node:assert/strict';
import { isTerminal } from '@xx-pipeline/common';
import { until } from '@xx-pipeline/testing';
import type { FaultCase } from '../FaultCase.ts';
import { FaultWorld, pass, patientLease } from '../FaultWorld.ts';
import { PrivateEngine } from '../PrivateEngine.ts';
import { fiveJobs } from '../pipelines.ts';

/** The engine goes away under running containers and comes back. */
export const engineRestart: FaultCase = {
  number: 11,
  title: 'the Docker engine is restarted',
  done: "a worker's engine of its own is stopped or killed while jobs run, with and without live-restore, and started again up to 4 s later; another run is given to the worker meanwhile",
  audited:
    'with live-restore each job has run once; without, the attempts that ran fail with system_failure and name the engine, `retry` tries them again; the other run succeeds; no container is left',
  missing: () => PrivateEngine.missing(),
  async run(random, seed) {
    const liveRestore = seed % 2 === 0;
    const retries = random.chance(0.7);
    await using engine = await PrivateEngine.start({ liveRestore });
    await using world = await FaultWorld.open(patientLease, { env: { DOCKER_HOST: engine.address } });
    await world.rig.startWorker('one', { push: random.chance(0.5) });
    const more = `, after_script: ['echo after'], retry: ${retries ? '{max: 2, when: runner_system_failure}' : '0'}`;
    const id = await world.submit(fiveJobs({ lines: 200, pause: 0.5 }, more));
    const job = random.oneOf(['a', 'c', 'e']);
    await world.writing(id, job, random.between(1, 1500));
    const how = random.oneOf<'SIGTERM' | 'SIGKILL'>(['SIGTERM', 'SIGKILL']);
    await engine.stop(how);
    const other = await world.submit('image: busybox:latest\na: {script: [echo other]}\n');
    await pass(random.between(0, 4000));
    await engine.startAgain();
    // The audit looks at the worker too, which has to be done with both by then.
    for (const run of [id, other]) {
      const isOver = async () => isTerminal((await world.look(run))?.status ?? 'RUNNING');
      await until(`run ${run} to end`, isOver, 90_000, 100);
    }
    const attempts = (await world.look(id))?.jobs.flatMap((each) => each.attempts) ?? [];
    const failed = attempts.filter(({ status }) => status === 'FAILED');
    await world.audit(id, {
      status: failed.length === 0 || retries ? 'SUCCESS' : 'FAILED',
      lines: 200,
      attempts: liveRestore ? 1 : 2,
    });
    await world.audit(other, { status: 'SUCCESS', lines: 0, artifacts: false });
    for (const { failureReason, failureMessage } of failed) {
      assert.equal(failureReason, 'system_failure', failureMessage ?? '');
      assert.ok(failureMessage?.includes(engine.address), failureMessage ?? 'no message');
    }
    // An engine that is stopped gives containers ten seconds: the jobs that ran may have made it.
    if (liveRestore) assert.equal(failed.length, 0);
    else if (how === 'SIGKILL') assert.notEqual(failed.length, 0);
    const left = async () => (await engine.containers('io.xx-pipeline.job')).length === 0;
    await until('the private engine to have no job left', left, 15_000, 100);
    return `${how}, ${liveRestore ? 'with' : 'without'} live-restore, while ${job} ran: ${failed[0]?.failureMessage ?? 'it went on'}`;
  },
};
