import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ContainerSpec, JobRunner, ScriptedExecutor } from '@xx-pipeline/worker/execution';
import { inOneLine, LocalRunRig } from './LocalRunRig.ts';

const slowPreparation = () => ({ delay: { prepare: 500 } });

/** An executor that remembers what it was asked to prepare, and how much at once. */
class WatchedExecutor extends ScriptedExecutor {
  readonly prepared: ContainerSpec[] = [];
  mostLiving = 0;

  override async prepare(...args: Parameters<ScriptedExecutor['prepare']>) {
    this.prepared.push(args[0]);
    this.mostLiving = Math.max(this.mostLiving, this.living + 1);
    return super.prepare(...args);
  }

  /** By job: the jobs that its container may count on having ended. */
  get runsAfter(): Record<string, string[]> {
    const names = new Map(this.prepared.map((spec) => [spec.jobId, spec.jobName]));
    return Object.fromEntries(
      this.prepared.map((spec) => [spec.jobName, spec.runsAfter.map((id) => names.get(id) ?? id).sort()]),
    );
  }
}

async function watch(text: string, slots = 4) {
  await using rig = await LocalRunRig.create();
  const executor = new WatchedExecutor({ clock: rig.clock, behave: slowPreparation });
  rig.executor = executor;
  const { execution } = await rig.run(text, {
    slots,
    createJobRunner: (ports) => new JobRunner({ executor, clock: rig.clock, ...ports }),
  });
  return { executor, jobs: Object.fromEntries(execution.jobs.map((job) => [job.name, inOneLine(job)])) };
}

const chain = `
stages: [a, b, c]
one: { stage: a, script: [sleep 1] }
two: { stage: b, script: [sleep 1] }
three: { stage: c, script: [sleep 1] }`;

test('the containers of later jobs are made while earlier ones run', async () => {
  const { jobs, executor } = await watch(chain);
  assert.deepEqual(jobs, { one: 'SUCCESS 0-1.5', two: 'SUCCESS 1.5-2.5', three: 'SUCCESS 2.5-3.5' });
  assert.equal(executor.made, 3, 'and none twice');
});

test('a container made ahead knows which jobs are certain to have ended', async () => {
  const { executor } = await watch(`
stages: [a, b]
one: { stage: a, script: [sleep 5] }
other: { stage: a, script: [sleep 5] }
needs-one: { stage: b, needs: [one], script: [sleep 1] }
after-all: { stage: b, script: [sleep 1] }`);
  assert.deepEqual(executor.runsAfter, { one: [], other: [], 'needs-one': ['one'], 'after-all': ['one', 'other'] });
});

test('jobs that wait for a slot have their containers waiting, but only as many as soon can start', async () => {
  const jobs = Array.from({ length: 50 }, (_, index) => `j${index}: { script: [sleep 1] }`).join('\n');
  const { executor } = await watch(jobs, 3);
  assert.ok(executor.mostLiving > 3, 'some are ahead');
  assert.ok(executor.mostLiving <= 3 + 5, `${executor.mostLiving} at once`);
  assert.equal(executor.mostRunning, 3);
  assert.equal(executor.made, 50);
});

test('nothing is prepared behind a job that a person has to start, nor for failures that may not come', async () => {
  const { executor } = await watch(`
stages: [a, b, c, d]
one: { stage: a, script: [sleep 5] }
rescue: { stage: b, when: on_failure, script: [print] }
gate: { stage: c, when: manual, allow_failure: false, script: [print] }
after: { stage: d, script: [print] }`);
  assert.deepEqual(
    executor.prepared.map((spec) => spec.jobName),
    ['one'],
  );
});

test('what a failure makes useless is thrown away', async () => {
  const { jobs, executor } = await watch(chain.replace('script: [sleep 1]', 'script: [sleep 1, exit 1]'));
  assert.deepEqual(jobs, { one: 'FAILED 0-1.5 script_failure', two: 'SKIPPED', three: 'SKIPPED' });
  assert.equal(executor.made, 3);
});

test('a job whose image is known only later gets a container with the right one', async () => {
  const { executor } = await watch('one: { image: "image:$CI_PIPELINE_IID", script: [print] }');
  assert.deepEqual(
    executor.prepared.map((spec) => spec.image.name),
    ['image:0', 'image:1'],
  );
});
