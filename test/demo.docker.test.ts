import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jobOf, Rig } from './rig/Rig.ts';

test('the demonstration succeeds with one allowed failure, here and through a server, and a second time', async () => {
  await using rig = await Rig.make();
  const first = await rig.expect(0, 'demo');
  assert.match(first.stderr, /both reports agree/);
  assert.match(first.stderr, /Next:/);
  const report = await rig.report();
  assert.equal(report.status, 'SUCCESS');
  assert.equal(report.warnings, true);
  assert.equal(report.stages.length, 3);
  const failed = report.stages.flatMap((stage) => stage.jobs).filter(({ status }) => status === 'FAILED');
  assert.deepEqual(
    failed.map(({ name }) => name),
    ['style'],
  );
  assert.equal(jobOf(report, 'style').allowFailure, true);
  assert.equal(jobOf(report, 'package').artifacts.length, 1);

  await rig.expect(0, 'demo');
  assert.equal((await rig.reports()).length, 2);
});
