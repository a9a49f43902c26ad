import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jobPlan, needing, testPlan } from '@xx-pipeline/testing';
import fc from 'fast-check';
import { simulate } from '../../src/progress/simulate.ts';
import { randomRun } from './model.ts';

test('waves are in the order of a run, with what each job does', () => {
  const plan = testPlan(
    jobPlan('a', 'one'),
    jobPlan('early', 'two', needing()),
    jobPlan('b', 'two'),
    jobPlan('undo', 'two', { when: 'on_failure' }),
    jobPlan('later', 'two', { when: 'delayed', startIn: 60 }),
    jobPlan('button', 'three', { when: 'manual' }),
    jobPlan('c', 'four'),
  );
  assert.deepEqual(
    simulate(plan).map((wave) => wave.jobs.map(({ job, decision }) => `${job.name} ${decision}`)),
    [['a start', 'early start'], ['b start', 'undo skip', 'later delay'], ['button manual'], ['c wait']],
  );
  assert.equal(simulate(plan).at(-1)?.jobs[0]?.reason, 'waits for manual job "button"');
});

test('every job is in exactly one wave', () => {
  fc.assert(
    fc.property(randomRun, ({ plan }) => {
      const names = simulate(plan).flatMap((wave) => wave.jobs.map(({ job }) => job.name));
      const expected = plan.stages.flatMap((stage) => stage.jobs.map((job) => job.name));
      assert.deepEqual(names.toSorted(), expected.toSorted());
    }),
  );
});
