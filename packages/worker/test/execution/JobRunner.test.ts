import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DependencyState } from '@xx-pipeline/common';
import { JobRig } from './JobRig.ts';

const needs = [{ jobId: 'first', jobName: 'first', artifacts: true }];
const state = (status: DependencyState['status'], allowFailure = false): DependencyState[] => [
  { jobId: 'first', jobName: 'first', status, allowFailure },
];

test('a job whose commands all succeed is a success', async () => {
  const { job, outcome } = await new JobRig().run({ script: ['print one', 'warn two', 'sleep 3'] });
  assert.deepEqual(outcome, {
    status: 'SUCCESS',
    exitCode: 0,
    failureReason: null,
    failureMessage: null,
    timings: { queue: 0, pull: 0, prepare: 0, script: 3000, artifacts: 0 },
    artifacts: [],
  });
  assert.deepEqual(job.phases, ['prepare', 'script', 'cleanup']);
  assert.deepEqual(job.commands, [0, 1, 2]);
  assert.equal(job.log('stdout'), 'one\n');
  assert.equal(job.log('stderr'), 'two\n');
  assert.match(job.log(), /\u001b\[32;1m\$ print one\u001b\[0m\none\n/);
  assert.match(job.log(), /Job succeeded\n$/);
});

test('the first failing command decides code and message', async () => {
  const { job, outcome } = await new JobRig().run({ script: ['true', 'exit 3', 'print no'] });
  assert.equal(outcome.status, 'FAILED');
  assert.equal(outcome.exitCode, 3);
  assert.equal(outcome.failureReason, 'script_failure');
  assert.equal(outcome.failureMessage, 'exit code 3, in command 2 of 3 (exit 3)');
  assert.equal(job.log('stdout'), '');
  assert.match(job.log(), /Job failed: exit code 3, in command 2 of 3 \(exit 3\)\n$/);
});

test('a job killed for its memory says so', async () => {
  const { outcome } = await new JobRig().run({ script: ['oom'] });
  assert.equal(outcome.failureReason, 'script_failure');
  assert.match(outcome.failureMessage ?? '', /ran out of memory/);
});

test('a pull shows as a phase, a line and a timing of its own', async () => {
  const { job, outcome } = await new JobRig({ behave: { delay: { pull: 2000, prepare: 50 } } }).run({});
  assert.deepEqual(job.phases, ['prepare', 'pull', 'prepare', 'script', 'cleanup']);
  assert.deepEqual([outcome.timings.pull, outcome.timings.prepare], [2000, 50]);
  assert.match(job.log(), /^Pulling image busybox:latest\nPulled image busybox:latest in 2 s\n/);
});

test('an image that cannot be had is the image’s failure', async () => {
  const { outcome } = await new JobRig({ behave: { fail: ['pull'] } }).run({ image: { name: 'nope' } });
  assert.equal(outcome.failureReason, 'image_pull_failure');
  assert.equal(outcome.failureMessage, 'no such image: nope');
  assert.equal(outcome.exitCode, null);
});

for (const step of ['prepare', 'run'] as const) {
  test(`machinery that breaks in ${step} is a system failure`, async () => {
    const { outcome } = await new JobRig({ behave: { fail: [step] } }).run({});
    assert.equal(outcome.failureReason, 'system_failure');
    assert.equal(outcome.failureMessage, `scripted failure of ${step}`);
  });
}

test('a container that breaks in the middle of a script is a system failure', async () => {
  const { outcome } = await new JobRig().run({ script: ['break the engine is gone'], afterScript: ['print no'] });
  assert.equal(outcome.failureReason, 'system_failure');
  assert.equal(outcome.failureMessage, 'the engine is gone');
});

test('a value that no shell can hold is an error of the configuration, found before anything is made', async () => {
  const rig = new JobRig();
  const { outcome } = await rig.run({ variables: [{ name: 'A', value: '\0' }] });
  assert.equal(outcome.failureReason, 'config_error');
  assert.equal(rig.scripted.made, 0);
});

test('variables that cannot be passed on are warned about', async () => {
  const { job } = await new JobRig().run({ variables: [{ name: 'a-b', value: '' }] });
  assert.equal(job.warnings.length, 1);
  assert.match(job.log('runner'), /WARNING: variable "a-b" is not passed/);
});

test('secrets are masked in output, commands, warnings and messages', async () => {
  const { job, outcome } = await new JobRig().run({
    script: ['print hunter22 $TOKEN', 'exit 4 hunter22'],
    afterScript: ['hunter22'],
    variables: [{ name: 'TOKEN', value: 'hunter22', secret: true }],
  });
  assert.equal(job.log('stdout'), '[MASKED] [MASKED]\n');
  assert.match(outcome.failureMessage ?? '', /\(exit 4 \[MASKED\]\)$/);
  const told = JSON.stringify(job.events.filter((event) => event.type !== 'log'));
  assert.ok(!`${job.log()}${told}`.includes('hunter22'));
});

test('a job that takes too long is asked to end, then killed', async () => {
  const polite = await new JobRig().run({ script: ['sleep 500'], timeout: 60 });
  assert.equal(polite.outcome.failureReason, 'timeout');
  assert.equal(polite.outcome.failureMessage, 'timed out after 1 min');
  assert.equal(polite.outcome.timings.script, 60_000);
  const stubborn = await new JobRig().run({ script: ['hang'], timeout: 60, afterScript: ['print no'] });
  assert.equal(stubborn.outcome.failureReason, 'timeout');
  assert.equal(stubborn.outcome.timings.script, 70_000);
  assert.ok(!stubborn.job.log('stdout').includes('no'));
});

test('the timeout counts pull and preparation, but neither dependencies nor the wait for a slot', async () => {
  const rig = new JobRig({ behave: { delay: { pull: 30_000 } } });
  rig.dependencies = () => state(rig.clock.now() < 1_100_000 ? 'RUNNING' : 'SUCCESS');
  const acquireSlot = async () => {
    await rig.clock.sleep(50_000);
    return () => {};
  };
  const { outcome } = await rig.run({ needs, script: ['sleep 100'], timeout: 60 }, { acquireSlot });
  assert.equal(outcome.failureReason, 'timeout');
  assert.equal(outcome.timings.pull, 30_000);
  assert.equal(outcome.timings.script, 30_000);
  assert.ok(outcome.timings.queue >= 150_000);
});

test('the time in a queue of the engine is not the job’s, and its slot is not needed meanwhile', async () => {
  const rig = new JobRig({ behave: { delay: { queue: 900_000, prepare: 10_000 } } });
  const queued: [boolean, number][] = [];
  const { job, outcome } = await rig.run(
    { script: ['sleep 100'], timeout: 60 },
    { onQueued: (isQueued) => queued.push([isQueued, rig.clock.now() - 1_000_000]) },
  );
  assert.deepEqual(queued, [
    [true, 0],
    [false, 900_000],
  ]);
  assert.equal(outcome.failureReason, 'timeout');
  assert.deepEqual(outcome.timings, { queue: 900_000, pull: 0, prepare: 10_000, script: 50_000, artifacts: 0 });
  assert.match(job.log('runner'), /^Waiting in the queue of the container engine$/m);
});

test('a job may be queued when its container was made ahead, and be canceled while it is', async () => {
  const rig = new JobRig({ behave: { delay: { queue: 50_000 } } });
  const prepared = rig.prepare({});
  await rig.clock.advance(20_000);
  const first = await rig.run({ timeout: 1 }, { prepared });
  assert.equal(first.outcome.status, 'SUCCESS');
  assert.equal(first.outcome.timings.queue, 30_000);
  const { job, done } = rig.start({});
  await rig.clock.advance(10_000);
  job.cancel.abort();
  assert.equal((await rig.clock.runUntil(done)).status, 'CANCELED');
  rig.scripted.assertNothingLeft();
});

test('a timeout of a month is not cut short by what a timer can hold', async () => {
  const { outcome } = await new JobRig().run({ script: ['sleep 1000'], timeout: 30 * 86_400 });
  assert.equal(outcome.status, 'SUCCESS');
});

test('after_script runs after success and failure, in the same workspace, and knows how it went', async () => {
  const afterScript = ['print $CI_JOB_STATUS', 'read file'];
  const good = await new JobRig().run({ script: ['write file kept', 'print $CI_JOB_STATUS'], afterScript });
  assert.equal(good.job.log('stdout'), 'running\nsuccess\nkept\n');
  const bad = await new JobRig().run({ script: ['write file kept', 'fail'], afterScript });
  assert.equal(bad.job.log('stdout'), 'failed\nkept\n');
  assert.deepEqual(bad.job.commands, [0, 1]);
});

test('a failing after_script only warns, a slow one is stopped', async () => {
  const bad = await new JobRig().run({ afterScript: ['exit 9'] });
  assert.equal(bad.outcome.status, 'SUCCESS');
  assert.match(bad.job.warnings.join(), /after_script failed with exit code 9/);
  const slow = await new JobRig().run({ afterScript: ['hang'] });
  assert.equal(slow.outcome.status, 'SUCCESS');
  assert.match(slow.job.warnings.join(), /after_script stopped: it took longer than 5 min/);
});

test('a cancel during the script ends it, runs after_script and keeps no artifacts of success', async () => {
  const rig = new JobRig();
  const { job, done } = rig.start({
    script: ['write f 1', 'sleep 100'],
    afterScript: ['print $CI_JOB_STATUS'],
    artifacts: { name: 'a', paths: ['f'], exclude: [], when: 'on_success' },
  });
  await rig.clock.advance(1000);
  job.cancel.abort();
  const outcome = await rig.clock.runUntil(done);
  job.assertWellFormed(outcome);
  assert.equal(outcome.status, 'CANCELED');
  assert.equal(outcome.failureReason, 'canceled');
  assert.equal(outcome.timings.script, 1000);
  assert.equal(job.log('stdout'), 'canceled\n');
  assert.equal(rig.artifacts.stored.size, 0);
  rig.scripted.assertNothingLeft();
});

test('a kill ends the script at once and runs no after_script', async () => {
  const rig = new JobRig();
  const { job, done } = rig.start({ script: ['hang'], afterScript: ['print no'] });
  await rig.clock.advance(1000);
  job.cancel.abort();
  await rig.clock.advance(1000);
  job.kill.abort();
  const outcome = await rig.clock.runUntil(done);
  assert.equal(outcome.status, 'CANCELED');
  assert.equal(outcome.timings.script, 2000);
  assert.equal(job.log('stdout'), '');
  rig.scripted.assertNothingLeft();
});

test('a cancel before the job has begun makes no container', async () => {
  const rig = new JobRig();
  const { outcome } = await rig.run({}, { signal: AbortSignal.abort() });
  assert.equal(outcome.status, 'CANCELED');
  assert.equal(rig.scripted.made, 0);
});

test('a cancel while waiting for a slot gives back a slot that comes later', async () => {
  const rig = new JobRig();
  let given = 0;
  const acquireSlot = async () => {
    await rig.clock.sleep(5000);
    given++;
    return () => {
      given--;
    };
  };
  const { job, done } = rig.start({}, { acquireSlot });
  await rig.clock.advance(1000);
  job.cancel.abort();
  assert.equal((await rig.clock.runUntil(done)).status, 'CANCELED');
  await rig.clock.advance(10_000);
  assert.equal(given, 0);
});

test('a job waits for its dependencies without a slot', async () => {
  const rig = new JobRig();
  rig.dependencies = () => state(rig.clock.now() < 1_005_000 ? 'RUNNING' : 'SUCCESS');
  const { job, done } = rig.start({ needs });
  await rig.clock.advance(4000);
  assert.equal(job.slots, 0);
  assert.deepEqual(job.phases, ['dependencies']);
  const outcome = await rig.clock.runUntil(done);
  assert.equal(outcome.status, 'SUCCESS');
  assert.ok(outcome.timings.queue >= 5000 && outcome.timings.queue < 8000);
});

test('a dependency that failed fails the job at once, unless its failure is allowed', async () => {
  for (const status of ['FAILED', 'CANCELED', 'SKIPPED'] as const) {
    const rig = new JobRig();
    rig.dependencies = () => state(status);
    const { outcome } = await rig.run({ needs });
    assert.equal(outcome.failureReason, 'dependency_failed');
    assert.equal(outcome.failureMessage, `needed job first is ${status}`);
    assert.equal(rig.scripted.made, 0);
  }
  const rig = new JobRig();
  rig.dependencies = () => state('FAILED', true);
  assert.equal((await rig.run({ needs })).outcome.status, 'SUCCESS');
});

test('a dependency that need not succeed is only waited for', async () => {
  const rig = new JobRig();
  rig.dependencies = () => state(rig.clock.now() < 1_005_000 ? 'RUNNING' : 'FAILED');
  const { outcome } = await rig.run({ needs: needs.map((need) => ({ ...need, mustSucceed: false })) });
  assert.equal(outcome.status, 'SUCCESS');
  assert.ok(outcome.timings.queue >= 5000);
});

test('dependencies that do not end in time fail the job', async () => {
  const rig = new JobRig();
  rig.dependencies = () => state('PENDING');
  const { outcome } = await rig.run({ needs, dependencyTimeout: 90 });
  assert.equal(outcome.failureReason, 'dependency_timeout');
  assert.equal(outcome.failureMessage, 'not done after 1 min 30 s: first');
});

test('a source of dependencies that answers again after errors is forgiven, one that does not is a system failure', async () => {
  const rig = new JobRig();
  let asked = 0;
  rig.dependencies = () => {
    if (++asked < 4) throw new Error('connection refused');
    return state('SUCCESS');
  };
  assert.equal((await rig.run({ needs })).outcome.status, 'SUCCESS');
  rig.dependencies = () => {
    throw new Error('connection refused');
  };
  const { outcome } = await rig.run({ needs });
  assert.equal(outcome.failureReason, 'system_failure');
});

test('a container made ahead is used, and its past is told when the job runs', async () => {
  const rig = new JobRig({ behave: { delay: { pull: 5000, prepare: 1000 } } });
  const prepared = rig.prepare({});
  await rig.clock.advance(3000);
  const { job, outcome } = await rig.run({}, { prepared });
  assert.equal(rig.scripted.made, 1);
  assert.deepEqual([outcome.timings.pull, outcome.timings.prepare], [2000, 1000]);
  assert.match(job.log(), /^Pulling image/);
});

test('a failure of preparing ahead shows when the job runs', async () => {
  const rig = new JobRig({ behave: { fail: ['pull'] } });
  const prepared = rig.prepare({});
  await rig.clock.advance(3000);
  const { outcome } = await rig.run({}, { prepared });
  assert.equal(outcome.failureReason, 'image_pull_failure');
});

test('a container made ahead is removed when it is discarded or its job does not come to run', async () => {
  const rig = new JobRig({ behave: { delay: { prepare: 1000 } } });
  const early = rig.prepare({ jobId: 'a' });
  await early.discard();
  const late = rig.prepare({ jobId: 'b' });
  await rig.clock.advance(2000);
  await Promise.all([late.discard(), late.discard()]);
  const unused = rig.prepare({ jobId: 'c' });
  rig.dependencies = () => state('FAILED');
  await rig.run({ jobId: 'c', needs }, { prepared: unused });
  rig.scripted.assertNothingLeft();
  await rig.scripted.close();
});

test('a receiver of events that fails ends the job as a system failure and leaves nothing', async () => {
  const rig = new JobRig();
  const seen: string[] = [];
  const { done } = rig.start(
    { script: ['print x', 'sleep 100'] },
    {
      onEvent: (event) => {
        seen.push(event.type);
        if (event.type === 'log') throw new Error('no space left on device');
      },
    },
  );
  const outcome = await rig.clock.runUntil(done);
  assert.equal(outcome.failureReason, 'system_failure');
  assert.match(outcome.failureMessage ?? '', /no space left on device/);
  assert.equal(outcome.timings.script, 0);
  assert.equal(seen.at(-1), 'finished');
  rig.scripted.assertNothingLeft();
});

test('much output waits for a slow receiver instead of filling memory', async () => {
  const rig = new JobRig();
  let waiting = 0;
  let most = 0;
  const { done } = rig.start(
    { script: ['flood 1000000'] },
    {
      onEvent: async (event) => {
        if (event.type !== 'log') return;
        most = Math.max(most, ++waiting);
        await rig.clock.sleep(10);
        waiting--;
      },
    },
  );
  assert.equal((await rig.clock.runUntil(done)).status, 'SUCCESS');
  assert.equal(most, 1);
});

test('artifacts are fetched in the name of the job that needs them, whoever else needs the same', async () => {
  const rig = new JobRig();
  rig.dependencies = () => state('SUCCESS');
  await Promise.all([rig.run({ jobId: 'one', needs }), rig.run({ jobId: 'two', needs })]);
  assert.deepEqual(rig.artifacts.readers.sort(), ['one', 'two']);
});
