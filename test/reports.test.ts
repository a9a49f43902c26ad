import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Report } from '@xx-pipeline/common';
import { parse } from 'yaml';
import { Rig } from './rig/Rig.ts';

const pipeline = {
  '.gitlab-ci.yml': `
image: busybox:latest
stages: [a, b]
one: {stage: a, script: ['echo "from one $((1+0))"']}
two: {stage: b, script: ['echo "from two $((1+1))"', sleep 1]}
`,
};

test('runs at the same time get numbers of their own', async () => {
  await using rig = await Rig.make(pipeline);
  const results = await Promise.all([1, 2, 3].map(() => rig.xx('run', '--local')));
  for (const { code, stderr } of results) assert.equal(code, 0, stderr);
  const numbers = (await rig.reports()).map(({ report }) => report.runNumber);
  assert.deepEqual(numbers.toSorted(), [1, 2, 3]);
});

test('the report of a run is there while it runs', async () => {
  await using rig = await Rig.make(pipeline);
  const run = rig.start(['run', '--local']);
  await run.printed(/from two 2/);
  const { status, stages } = await rig.report();
  assert.equal(status, 'RUNNING');
  assert.equal(stages[0]?.status, 'SUCCESS');
  assert.equal((await run.ended()).code, 0);
});

test('a report can be asked for by run, stage and job, in every format', async () => {
  await using rig = await Rig.make(pipeline);
  await rig.expect(0, 'run', '--local');
  await rig.expect(0, 'run', '--local');

  const list = await rig.expect(0, 'report', '--local');
  assert.equal(list.stdout.match(/✓ success/g)?.length, 2, list.stdout);

  const json = await rig.expect(0, 'report', '--local', '--run', '1', '-o', 'json');
  assert.equal((JSON.parse(json.stdout) as Report).runNumber, 1);
  const yaml = await rig.expect(0, 'report', '--local', '--run', '2', '-o', 'yaml');
  assert.equal((parse(yaml.stdout) as Report).runNumber, 2);

  const job = await rig.expect(0, 'report', '--local', '--run', '2', '--job', 'two');
  assert.match(job.stdout, /from two 2/);
  assert.doesNotMatch(job.stdout, /from one 1/);
  const stage = await rig.expect(0, 'report', '--local', '--run', '2', '--stage', 'a');
  assert.match(stage.stdout, /one/);
  assert.doesNotMatch(stage.stdout, /\btwo\b/);

  const none = await rig.xx('report', '--local', '--run', '99');
  assert.equal(none.code, 2, none.stdout + none.stderr);
  assert.match(none.stderr, /99/);
});

test('machine output is data on standard output and nothing else', async () => {
  await using rig = await Rig.make(pipeline);
  const run = await rig.expect(0, 'run', '--local', '-o', 'ndjson');
  const events = run.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { type: string });
  assert.equal(events[0]?.type, 'run-started');
  assert.equal(events.at(-1)?.type, 'run-finished');
});
