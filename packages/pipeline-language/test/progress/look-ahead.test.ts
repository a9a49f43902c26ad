import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ExecutionStatus, type JobPlan, localPrincipal } from '@xx-pipeline/common';
import { jobPlan, needing, testPlan } from '@xx-pipeline/testing';
import { createPipelineExecution } from '../../src/progress/create-execution.ts';
import { likelyJobs } from '../../src/progress/look-ahead.ts';
import { indexPlan } from '../../src/progress/PlanIndex.ts';

/** The names of the next jobs, each with those that are certain to have ended before it. */
function likely(plans: readonly JobPlan[], states: Readonly<Record<string, ExecutionStatus>>, limit = 10): string[] {
  const plan = testPlan(...plans);
  const index = indexPlan(plan);
  const execution = createPipelineExecution(plan, {
    id: 'run',
    pipelineName: 'test',
    source: { repository: '/r', branch: null, commit: null, dirty: false },
    runNumber: 1,
    trigger: 'local',
    createdBy: localPrincipal,
    createdAt: '2026-01-01T00:00:00.000Z',
    ids: { next: () => 'id' },
  });
  const jobs = execution.jobs.map((job) => ({ ...job, status: states[job.name] ?? job.status }));
  const nameOf = (number: number) => jobs[number]?.name ?? '?';
  return likelyJobs(index, jobs, limit).map(
    ({ number, after }) => `${nameOf(number)} after ${after.map(nameOf).join(', ') || 'nothing'}`,
  );
}

const chain = ['a', 'b', 'c', 'd'].map((stage) => jobPlan(stage, stage));

test('a chain comes in its order, each job after all before it that have not ended', () => {
  assert.deepEqual(likely(chain, { a: 'SUCCESS', b: 'RUNNING' }), ['c after b', 'd after b, c']);
  assert.deepEqual(likely(chain, { a: 'RUNNING' }, 2), ['b after a', 'c after a, b']);
});

test('jobs that need one another come with their own order, whatever their stages', () => {
  const plans = [
    jobPlan('a', 'one'),
    jobPlan('b', 'one'),
    jobPlan('c', 'two', needing('a')),
    jobPlan('d', 'two', needing('c')),
  ];
  assert.deepEqual(likely(plans, { a: 'RUNNING', b: 'RUNNING' }), ['c after a', 'd after a, c']);
});

test('nothing comes behind a job that a person has to start, nor what only a failure starts', () => {
  const plans = [
    jobPlan('a', 'one'),
    jobPlan('rescue', 'two', { when: 'on_failure' }),
    jobPlan('gate', 'three', { when: 'manual' }),
    jobPlan('b', 'four'),
  ];
  assert.deepEqual(likely(plans, { a: 'RUNNING' }), []);
});

test('jobs that wait for a worker already are not upcoming, and nothing is when all have had their turn', () => {
  assert.deepEqual(likely([jobPlan('a', 'one'), jobPlan('b', 'one')], { a: 'RUNNING', b: 'PENDING' }), []);
});
