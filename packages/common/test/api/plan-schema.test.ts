import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jobPlan } from '@xx-pipeline/testing';
import { planSchema } from '../../src/api/schemas/plan-schema.ts';

type Json = Record<string, unknown>;

const job = (name: string, special: Json = {}): Json => ({ ...jobPlan(name, 'one'), ...special });

const plan = (jobs: readonly Json[], special: Json = {}): Json => ({
  schemaVersion: 1,
  name: null,
  stages: [{ name: 'one', jobs }],
  excluded: [],
  variables: {},
  ...special,
});

const needs = (...names: string[]) => ({ needs: names.map((name) => ({ job: name, artifacts: true })) });

test('a plan passes unchanged', () => {
  const given = plan([job('a'), job('b', { ...needs('a'), artifactsFrom: ['a'], tags: ['gpu'] })]);
  assert.deepEqual(planSchema.parse(given), given);
});

const refused: readonly (readonly [string, unknown, string, RegExp])[] = [
  ['nothing', null, '', /expected object/],
  ['another version', plan([job('a')], { schemaVersion: 2 }), 'schemaVersion', /expected 1/],
  ['no stages', plan([], { stages: [] }), 'stages', /Too small/],
  ['two jobs of one name', plan([job('a'), job('a')]), 'stages', /two jobs have the same name/],
  ['a job in the wrong stage', plan([job('a', { stage: 'two' })]), 'stages.0.jobs.0.stage', /stands in stage "one"/],
  ['a need on nothing', plan([job('a', needs('b'))]), 'stages.0.jobs.0.needs.0.job', /there is no job "b"/],
  ['a need on itself', plan([job('a', needs('a'))]), 'stages', /circle/],
  ['a circle', plan([job('a', needs('c')), job('b', needs('a')), job('c', needs('b'))]), 'stages', /circle/],
  [
    'artifacts from nothing',
    plan([job('a', { artifactsFrom: ['b'] })]),
    'stages.0.jobs.0.artifactsFrom.0',
    /there is no job "b"/,
  ],
  ['a script of numbers', plan([job('a', { script: [1] })]), 'stages.0.jobs.0.script.0', /expected string/],
  ['a status for when', plan([job('a', { when: 'never' })]), 'stages.0.jobs.0.when', /Invalid option/],
  [
    'endless retries',
    plan([job('a', { retry: { max: 99, when: [], exitCodes: [] } })]),
    'stages.0.jobs.0.retry.max',
    /Too big/,
  ],
  [
    'too many labels',
    plan([job('a', { tags: Array.from({ length: 101 }, String) })]),
    'stages.0.jobs.0.tags',
    /Too big/,
  ],
];

for (const [name, given, path, message] of refused) {
  test(`a plan with ${name} is refused at its place`, () => {
    const result = planSchema.safeParse(given);
    const [issue] = result.error?.issues ?? [];
    assert.equal(issue?.path.join('.'), path);
    assert.match(issue?.message ?? '', message);
  });
}

test('a need on a job of a later stage is refused: stage order and needs could wait for each other', () => {
  const stages = [
    { name: 'one', jobs: [job('a', needs('b'))] },
    { name: 'two', jobs: [job('b', { stage: 'two' })] },
  ];
  assert.match(planSchema.safeParse(plan([], { stages })).error?.issues[0]?.message ?? '', /stands in a later stage/);
});

test('a large plan is checked in bearable time, also one with a long chain of needs', () => {
  const jobs = Array.from({ length: 5000 }, (_, number) =>
    job(`j${number}`, number === 0 ? {} : needs(`j${number - 1}`)),
  );
  assert.equal(planSchema.safeParse(plan(jobs)).success, true);
});
