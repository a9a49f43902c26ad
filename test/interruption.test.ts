import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '@xx-pipeline/testing';
import { jobOf, Rig } from './rig/Rig.ts';

const sleeping = {
  '.gitlab-ci.yml': `
image: busybox:latest
stages: [a, b]
done: {stage: a, script: ["true"]}
slow:
  stage: a
  script: ['echo "awake $((1+1))"', sleep 600, echo late]
  after_script: [echo after]
next: {stage: b, script: [echo next]}
`,
};

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  test(`after ${signal} nothing is left and the report says canceled`, async () => {
    await using rig = await Rig.make(sleeping);
    const run = rig.start(['run', '--local']);
    await run.printed(/awake 2/);
    run.send(signal);
    const { code, stderr } = await run.ended();
    assert.equal(code, 130, stderr);
    const report = await rig.report();
    assert.equal(report.status, 'CANCELED');
    assert.ok(report.completedAt);
    assert.equal(jobOf(report, 'slow').status, 'CANCELED');
    assert.equal(jobOf(report, 'slow').failureReason, 'canceled');
    assert.notEqual(jobOf(report, 'next').status, 'SUCCESS');
    assert.deepEqual(await rig.leftovers(), []);
  });
}

test('a job that ignores TERM does not hold up the second Ctrl-C', async () => {
  await using rig = await Rig.make({
    '.gitlab-ci.yml': `job: {image: "busybox:latest", script: ["trap '' TERM", 'echo "awake $((1+1))"', 'while true; do sleep 1; done']}\n`,
  });
  const run = rig.start(['run', '--local']);
  await run.printed(/awake 2/);
  run.send('SIGINT');
  await run.printed(/again|second|once more/i);
  const startedAt = performance.now();
  run.send('SIGINT');
  assert.equal((await run.ended()).code, 130);
  assert.ok(performance.now() - startedAt < 8000, 'took longer than the grace period');
  assert.equal((await rig.report()).status, 'CANCELED');
});

test('after kill -9 the next start mends the report and removes what was left', async () => {
  await using rig = await Rig.make({ ...sleeping, 'quick.yml': 'job: {image: "busybox:latest", script: ["true"]}\n' });
  const run = rig.start(['run', '--local']);
  await run.printed(/awake 2/);
  // The report follows the run a few times a second: what it does not tell yet dies with the process.
  await until('the report tells of the finished job', async () => {
    const report = await rig.report();
    return jobOf(report, 'done').status === 'SUCCESS';
  });
  run.send('SIGKILL');
  await run.ended();
  assert.notDeepEqual(await rig.leftovers(), [], 'a killed process cannot have cleaned up');

  const list = await rig.expect(0, 'report', '--local', '-o', 'json');
  assert.ok(list.stdout.length > 0);
  const mended = await rig.report();
  assert.match(mended.status, /^(?:FAILED|CANCELED)$/);
  assert.ok(mended.reason, 'says why');
  assert.ok(mended.completedAt);
  assert.equal(jobOf(mended, 'done').status, 'SUCCESS');

  await rig.expect(0, 'run', '--local', '-f', 'quick.yml');
  assert.deepEqual(await rig.leftovers(), []);
});
