import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ExecutionStatus, isTerminal, localPrincipal, type PipelineExecution } from '@xx-pipeline/common';
import { jobOutcome, jobPlan, needing, testPlan } from '@xx-pipeline/testing';
import fc from 'fast-check';
import { createPipelineExecution } from '../../src/progress/create-execution.ts';
import { ExecutionRecord } from '../../src/progress/ExecutionRecord.ts';
import { nextJobs } from '../../src/progress/next-jobs.ts';
import { indexPlan } from '../../src/progress/PlanIndex.ts';
import { type Retries, retriesOfJob, retriesOfPipeline } from '../../src/progress/select-retries.ts';
import { type RandomRun, randomRun } from './model.ts';

const at = '2026-01-01T00:00:00.000Z';

/** A record in which jobs have these statuses; those in `never` had no turn. */
function record(plan: ReturnType<typeof testPlan>, statuses: Record<string, ExecutionStatus>, never: string[] = []) {
  let count = 0;
  const created = createPipelineExecution(plan, {
    id: 'e',
    pipelineName: 'p',
    source: { repository: 'r', branch: null, commit: null, dirty: false },
    runNumber: 1,
    trigger: 'local',
    createdBy: localPrincipal,
    createdAt: at,
    ids: { next: () => `id-${count++}` },
  });
  const jobs = created.jobs.map((job) => {
    const status = statuses[job.name] ?? job.status;
    const eligibleAt = status === 'CREATED' || status === 'SKIPPED' || never.includes(job.name) ? null : at;
    return { ...job, status, eligibleAt };
  });
  return { ...created, jobs };
}

function names(execution: PipelineExecution, { now, anew }: Retries) {
  const of = (ids: ReadonlySet<string>) => execution.jobs.filter(({ id }) => ids.has(id)).map(({ name }) => name);
  return { now: of(now), anew: of(anew) };
}

test('a retried pipeline begins with what failed first; what comes behind waits for it', () => {
  const plan = testPlan(
    jobPlan('good', 'one'),
    jobPlan('bad', 'one'),
    jobPlan('mine', 'two', needing('good')),
    jobPlan('skipped', 'two'),
    jobPlan('late', 'three', { when: 'always' }),
    jobPlan('mail', 'three', { when: 'on_failure' }),
  );
  const execution = record(plan, {
    ...{ good: 'SUCCESS', bad: 'FAILED', mine: 'FAILED', skipped: 'SKIPPED', late: 'FAILED', mail: 'SUCCESS' },
  });
  assert.deepEqual(names(execution, retriesOfPipeline(execution, indexPlan(plan))), {
    now: ['bad', 'mine'],
    anew: ['skipped', 'late'],
  });
});

test('a job that was canceled before its turn waits for it when its pipeline is retried', () => {
  const plan = testPlan(jobPlan('a', 'one'), jobPlan('b', 'two'));
  const execution = record(plan, { a: 'CANCELED', b: 'CANCELED' }, ['b']);
  assert.deepEqual(names(execution, retriesOfPipeline(execution, indexPlan(plan))), { now: ['a'], anew: ['b'] });
});

test('a retried job takes along what was stopped because of it, and no failure of its own right', () => {
  const plan = testPlan(
    jobPlan('a', 'one'),
    jobPlan('b', 'one'),
    jobPlan('needs-a', 'one', needing('a')),
    jobPlan('needs-b', 'one', needing('b')),
    jobPlan('failed', 'two', { when: 'always' }),
    jobPlan('skipped', 'three'),
  );
  const execution = record(plan, {
    ...{ a: 'FAILED', b: 'FAILED', 'needs-a': 'SKIPPED', 'needs-b': 'SKIPPED', failed: 'FAILED', skipped: 'SKIPPED' },
  });
  const index = indexPlan(plan);
  assert.deepEqual(names(execution, retriesOfJob(execution, index, execution.jobs[0]?.id ?? '')), {
    now: ['a'],
    anew: ['needs-a', 'skipped'],
  });
});

/** Runs until nothing is left to do, every job ending as `fate` says. */
function drive(run: RandomRun, record: ExecutionRecord, fate: (name: string) => 'SUCCESS' | 'FAILED' | 'CANCELED') {
  const index = indexPlan(run.plan);
  for (let round = 0; round < 100; round++) {
    record.apply(nextJobs(index, record.jobs), at);
    const next = record.jobs.find(({ status }) => status === 'PENDING');
    if (next === undefined) return;
    record.startAttempt(next.id, { at, image: 'i' });
    record.finishAttempt(next.id, jobOutcome(fate(next.name)), { at, log: null });
  }
  return assert.fail('the run does not end');
}

test('any run, canceled or not, that is retried with every job well ends without a failure', () => {
  fc.assert(
    fc.property(randomRun, fc.boolean(), (run, isCanceled) => {
      const index = indexPlan(run.plan);
      const records = new ExecutionRecord(record(run.plan, {}), index);
      if (isCanceled) records.cancel('enough', { by: localPrincipal, at });
      else drive(run, records, (name) => run.fates.get(name) ?? 'SUCCESS');
      records.retry(retriesOfPipeline(records.snapshot(), index), { by: localPrincipal, at });
      drive(run, records, () => 'SUCCESS');
      for (const { name, status } of records.jobs) {
        assert(status === 'MANUAL' || status === 'CREATED' || isTerminal(status), `${name} is ${status}`);
        assert(status !== 'FAILED' && status !== 'CANCELED', `${name} is ${status}`);
      }
    }),
  );
});
