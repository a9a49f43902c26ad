import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JobPlan } from '@xx-pipeline/common';
import { jobPlan, needing, testPlan } from '@xx-pipeline/testing';
import type { JobState } from '../../src/progress/composite-status.ts';
import { nextJobs } from '../../src/progress/next-jobs.ts';
import { indexPlan } from '../../src/progress/PlanIndex.ts';

/** States in short: `failed!` was allowed to, `manual!` is optional. Jobs not named are CREATED. */
type Short =
  | 'success'
  | 'failed'
  | 'failed!'
  | 'canceled'
  | 'canceled!'
  | 'skipped'
  | 'manual'
  | 'manual!'
  | 'running'
  | 'pending';

function stateOf(states: Readonly<Record<string, Short>>, name: string): JobState {
  const short = states[name] ?? 'created';
  return { status: short.replace('!', '').toUpperCase() as JobState['status'], allowFailure: short.endsWith('!') };
}

interface Case {
  readonly name: string;
  readonly jobs: readonly JobPlan[];
  readonly states?: Readonly<Record<string, Short>>;
  /** `decision reason` by job; nothing else may be decided. */
  readonly decided: Readonly<Record<string, string>>;
}

const a = jobPlan('a', 'one');
const b = jobPlan('b', 'two');
const c = jobPlan('c', 'three');
const job = jobPlan;

const cases: readonly Case[] = [
  {
    name: 'the first stage starts, later ones wait',
    jobs: [a, b],
    decided: { a: 'start nothing comes before its stage' },
  },
  {
    name: 'a stage starts when the one before is done',
    jobs: [a, b],
    states: { a: 'success' },
    decided: { b: 'start all earlier stages are done' },
  },
  { name: 'a running job holds the next stage back', jobs: [a, b], states: { a: 'running' }, decided: {} },
  {
    name: 'an empty list of needs starts at once',
    jobs: [a, job('b', 'two', needing())],
    states: { a: 'running' },
    decided: { b: 'start needs nothing' },
  },
  {
    name: 'needs overtake stages',
    jobs: [a, job('x', 'one'), job('c', 'three', needing('a'))],
    states: { a: 'success', x: 'running' },
    decided: { c: 'start needs "a"' },
  },
  {
    name: 'a failure skips all later stages at once',
    jobs: [a, b, c],
    states: { a: 'failed' },
    decided: { b: 'skip skipped: "a" failed', c: 'skip skipped: "a" failed' },
  },
  {
    name: 'a failure skips nothing while its stage still runs',
    jobs: [a, job('x', 'one'), b],
    states: { a: 'failed', x: 'running' },
    decided: {},
  },
  {
    name: 'other jobs of the stage of a failure still start',
    jobs: [a, job('x', 'one'), b],
    states: { a: 'failed' },
    decided: { x: 'start nothing comes before its stage' },
  },
  {
    name: 'an independent branch goes on after a failure',
    jobs: [a, job('x', 'one'), job('y', 'two', needing('x')), b],
    states: { a: 'failed', x: 'success' },
    decided: { b: 'skip skipped: "a" failed', y: 'start needs "x"' },
  },
  {
    name: 'an allowed failure lets the next stage start',
    jobs: [a, b],
    states: { a: 'failed!' },
    decided: { b: 'start all earlier stages are done' },
  },
  {
    name: 'an allowed failure does not start on_failure',
    jobs: [a, job('b', 'two', { when: 'on_failure' })],
    states: { a: 'failed!' },
    decided: { b: 'skip skipped: nothing before it failed' },
  },
  {
    name: 'on_failure starts after a failure',
    jobs: [a, job('b', 'two', { when: 'on_failure' })],
    states: { a: 'failed' },
    decided: { b: 'start "a" failed' },
  },
  {
    name: 'on_failure is skipped after success',
    jobs: [a, job('b', 'two', { when: 'on_failure' })],
    states: { a: 'success' },
    decided: { b: 'skip skipped: nothing before it failed' },
  },
  {
    name: 'a failure two stages back still counts',
    jobs: [a, b, job('c', 'three', { when: 'on_failure' })],
    states: { a: 'failed', b: 'skipped' },
    decided: { c: 'start "a" failed' },
  },
  {
    name: 'always starts after a failure',
    jobs: [a, job('b', 'two', { when: 'always' })],
    states: { a: 'failed' },
    decided: { b: 'start all earlier stages are done' },
  },
  {
    name: 'always is skipped after a cancel',
    jobs: [a, job('b', 'two', { when: 'always' })],
    states: { a: 'canceled' },
    decided: { b: 'skip skipped: "a" was canceled' },
  },
  {
    name: 'a canceled job that may fail counts as a warning',
    jobs: [a, b],
    states: { a: 'canceled!' },
    decided: { b: 'start all earlier stages are done' },
  },
  {
    name: 'a manual job waits for a person, blocking what follows',
    jobs: [job('a', 'one', { when: 'manual' }), b],
    decided: { a: 'manual waits for a person to play it' },
  },
  {
    name: 'an optional manual job lets the next stage start',
    jobs: [job('a', 'one', { when: 'manual', allowFailure: true }), b],
    decided: { a: 'manual waits for a person to play it', b: 'start all earlier stages are done' },
  },
  {
    name: 'a manual job with exit codes blocks',
    jobs: [job('a', 'one', { when: 'manual', allowFailure: { exitCodes: [1] } }), b],
    decided: { a: 'manual waits for a person to play it' },
  },
  {
    name: 'a need on an unplayed optional manual job skips',
    jobs: [a, job('b', 'two', needing('a'))],
    states: { a: 'manual!' },
    decided: { b: 'skip skipped: manual job "a" was not played' },
  },
  {
    name: 'a need on a blocking manual job waits',
    jobs: [a, job('b', 'two', needing('a'))],
    states: { a: 'manual' },
    decided: {},
  },
  {
    name: 'a blocking manual job holds back what a failure would skip',
    jobs: [a, job('x', 'one'), b],
    states: { a: 'failed', x: 'manual' },
    decided: {},
  },
  {
    name: 'a skipped need skips at once',
    jobs: [a, job('x', 'one'), job('b', 'two', needing('a', 'x'))],
    states: { a: 'skipped', x: 'running' },
    decided: { b: 'skip skipped: "a" was skipped' },
  },
  {
    name: 'a skipped need outweighs a failed one',
    jobs: [a, job('x', 'one'), job('b', 'two', { ...needing('a', 'x'), when: 'on_failure' })],
    states: { a: 'skipped', x: 'failed' },
    decided: { b: 'skip skipped: "a" was skipped' },
  },
  {
    name: 'always with a skipped need waits for the others',
    jobs: [a, job('x', 'one'), job('b', 'two', { ...needing('a', 'x'), when: 'always' })],
    states: { a: 'skipped', x: 'running' },
    decided: {},
  },
  {
    name: 'always with a skipped need starts when all are done',
    jobs: [a, job('x', 'one'), job('b', 'two', { ...needing('a', 'x'), when: 'always' })],
    states: { a: 'skipped', x: 'failed' },
    decided: { b: 'start needs "a", "x"' },
  },
  {
    name: 'on_failure with needs looks only at them',
    jobs: [a, job('x', 'one'), job('b', 'two', { ...needing('x'), when: 'on_failure' })],
    states: { a: 'failed', x: 'success' },
    decided: { b: 'skip skipped: nothing before it failed' },
  },
  {
    name: 'a failed need skips',
    jobs: [a, job('x', 'one'), job('b', 'two', needing('a', 'x'))],
    states: { a: 'failed', x: 'success' },
    decided: { b: 'skip skipped: "a" failed' },
  },
  {
    name: 'an allowed failure of a need is as good as success',
    jobs: [a, job('b', 'two', needing('a'))],
    states: { a: 'failed!' },
    decided: { b: 'start needs "a"' },
  },
  {
    name: 'a stage in which all was skipped lets the next one start',
    jobs: [a, b],
    states: { a: 'skipped' },
    decided: { b: 'start all earlier stages are done' },
  },
  {
    name: 'needs within a stage are in order',
    jobs: [job('late', 'one', needing('a')), a],
    decided: { a: 'start nothing comes before its stage' },
  },
  {
    name: 'a skip is seen by later jobs of the same call',
    jobs: [
      a,
      job('b', 'two', needing('a')),
      job('c', 'three', needing('b')),
      job('d', 'four', { ...needing('c'), when: 'always' }),
    ],
    states: { a: 'failed' },
    decided: { b: 'skip skipped: "a" failed', c: 'skip skipped: "b" was skipped', d: 'start needs "c"' },
  },
  {
    name: 'a delayed job is delayed when its turn comes',
    jobs: [a, job('b', 'two', { when: 'delayed', startIn: 30 })],
    states: { a: 'success' },
    decided: { b: 'delay starts after 30 s (all earlier stages are done)' },
  },
  {
    name: 'many needs are not all listed',
    jobs: ['p', 'q', 'r', 's', 't']
      .map((name) => job(name, 'one'))
      .concat(job('z', 'two', needing('p', 'q', 'r', 's', 't'))),
    states: { p: 'success', q: 'success', r: 'success', s: 'success', t: 'success' },
    decided: { z: 'start needs "p", "q", "r" and 2 more' },
  },
];

for (const { name, jobs, states = {}, decided } of cases) {
  test(name, () => {
    const index = indexPlan(testPlan(...jobs));
    const decisions = nextJobs(
      index,
      index.jobs.map((job) => stateOf(states, job.name)),
    );
    assert.deepEqual(
      Object.fromEntries(decisions.map((one) => [one.job.name, `${one.decision} ${one.reason}`])),
      decided,
    );
  });
}
