import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PipelinePlan } from '@xx-pipeline/common';
import { jobPlan, needing, testPlan } from '@xx-pipeline/testing';
import { playJobs, selectJobs } from '../../src/progress/select-jobs.ts';

const plan: PipelinePlan = {
  ...testPlan(
    jobPlan('compile', 'build'),
    jobPlan('lint', 'build'),
    jobPlan('test: [linux]', 'test', { baseName: 'test', ...needing('compile') }),
    jobPlan('test: [mac]', 'test', { baseName: 'test', ...needing('compile') }),
    jobPlan('approve', 'test', { when: 'manual' }),
    jobPlan('deploy', 'deploy', { when: 'manual', ...needing('approve', 'test: [mac]') }),
    jobPlan('publish', 'deploy', { artifactsFrom: ['lint'] }),
    jobPlan('undo', 'deploy', { when: 'on_failure' }),
  ),
  excluded: [
    {
      name: 'nightly',
      stage: 'test',
      admission: { reason: 'no rule matched', rules: [] },
      span: { file: 'p.yml', start: 0, end: 0 },
    },
  ],
};

function chosen(...names: readonly string[]): Record<string, string> {
  const selected = selectJobs(plan, names);
  assert.ok(selected.ok);
  return Object.fromEntries(selected.value.stages.flatMap((stage) => stage.jobs).map((job) => [job.name, job.when]));
}

test('a job comes with all it needs, manual ones starting by themselves', () => {
  assert.deepEqual(chosen('deploy'), {
    compile: 'on_success',
    'test: [mac]': 'on_success',
    approve: 'on_success',
    deploy: 'on_success',
  });
});

test('a stage-ordered job comes with the jobs whose artifacts it fetches', () => {
  assert.deepEqual(chosen('publish'), { lint: 'on_success', publish: 'on_success' });
});

test('a base name picks all instances, a full name one', () => {
  assert.deepEqual(Object.keys(chosen('test')), ['compile', 'test: [linux]', 'test: [mac]']);
  assert.deepEqual(Object.keys(chosen('test: [linux]')), ['compile', 'test: [linux]']);
});

test('a named job runs whatever its when', () => {
  assert.deepEqual(chosen('undo'), { undo: 'on_success' });
});

test('stages without chosen jobs vanish', () => {
  const selected = selectJobs(plan, ['lint']);
  assert.ok(selected.ok);
  assert.deepEqual(
    selected.value.stages.map((stage) => stage.name),
    ['build'],
  );
});

const problems: readonly (readonly [string, RegExp])[] = [
  ['compil', /there is no job "compil", did you mean "compile"\?/],
  ['zzzzzzzz', /^there is no job "zzzzzzzz"$/],
  ['nightly', /job "nightly" is not in this pipeline: no rule matched/],
];

for (const [name, message] of problems) {
  test(`${name} cannot be chosen`, () => {
    for (const choose of [selectJobs, playJobs]) {
      const selected = choose(plan, [name]);
      assert.ok(!selected.ok);
      assert.match(selected.error.message, message);
    }
  });
}

test('playing changes only the named manual jobs', () => {
  const result = playJobs(plan, ['approve', 'lint']);
  assert.ok(result.ok);
  const when = Object.fromEntries(
    result.value.stages.flatMap((stage) => stage.jobs).map((job) => [job.name, job.when]),
  );
  assert.deepEqual([when['approve'], when['deploy'], when['undo']], ['on_success', 'manual', 'on_failure']);
});
