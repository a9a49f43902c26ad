import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JobPlan, PipelineExecution } from '@xx-pipeline/common';
import { buildReport, localPrincipal } from '@xx-pipeline/common';
import { jobOutcome, jobPlan, needing, testPlan } from '@xx-pipeline/testing';
import fc from 'fast-check';
import { createPipelineExecution } from '../../src/progress/create-execution.ts';
import { dueAt } from '../../src/progress/due-at.ts';
import { ExecutionRecord } from '../../src/progress/ExecutionRecord.ts';
import { nextJobs } from '../../src/progress/next-jobs.ts';
import { indexPlan, type PlanIndex } from '../../src/progress/PlanIndex.ts';
import { rollUp } from '../../src/progress/roll-up.ts';
import { randomRun } from './model.ts';

const at = (second: number) => new Date(second * 1000).toISOString();

/** A run by hand: each verb takes a second. */
class Rig {
  readonly index: PlanIndex;
  readonly record: ExecutionRecord;
  second = 0;

  constructor(...jobs: readonly JobPlan[]) {
    const plan = testPlan(...jobs);
    let made = 0;
    this.index = indexPlan(plan);
    const created = createPipelineExecution(plan, {
      id: 'run',
      pipelineName: 'quickstart',
      source: { repository: 'r', branch: 'main', commit: null, dirty: false },
      runNumber: 1,
      trigger: 'local',
      createdBy: localPrincipal,
      createdAt: at(0),
      ids: {
        next: () => {
          made += 1;
          return `id${made}`;
        },
      },
    });
    this.record = new ExecutionRecord(created, this.index);
  }

  get execution(): PipelineExecution {
    return this.record.snapshot();
  }

  job(name: string) {
    const found = this.execution.jobs.find((job) => job.name === name);
    assert.ok(found);
    return found;
  }

  next(): string {
    this.second += 1;
    return at(this.second);
  }

  decide(): this {
    this.record.apply(nextJobs(this.index, this.record.jobs), this.next());
    return this;
  }

  start(name: string): this {
    this.record.startAttempt(this.job(name).id, { at: this.next(), image: 'busybox:1' });
    return this;
  }

  finish(name: string, outcome = jobOutcome('SUCCESS')): this {
    const facts = { at: this.next(), log: `logs/${name}.log` };
    this.record.finishAttempt(this.job(name).id, outcome, facts);
    return this;
  }

  statuses(): Record<string, string> {
    return Object.fromEntries(this.execution.jobs.map((job) => [job.name, job.status]));
  }
}

test('a new record has everything CREATED', () => {
  const { execution } = new Rig(jobPlan('a', 'one'), jobPlan('b', 'two'));
  assert.equal(execution.status, 'CREATED');
  assert.deepEqual(
    execution.stages.map((stage) => [stage.name, stage.status]),
    [
      ['one', 'CREATED'],
      ['two', 'CREATED'],
    ],
  );
  assert.deepEqual(
    execution.jobs.map((job) => [job.id, job.name, job.stage]),
    [
      ['id1', 'a', 'one'],
      ['id2', 'b', 'two'],
    ],
  );
});

test('stages and pipeline follow their jobs, with times', () => {
  const rig = new Rig(jobPlan('a', 'one'), jobPlan('b', 'two'));
  rig.decide();
  assert.deepEqual([rig.execution.status, rig.execution.startedAt], ['PENDING', null]);
  rig.start('a');
  assert.deepEqual([rig.execution.status, rig.execution.startedAt], ['RUNNING', at(2)]);
  rig.finish('a');
  assert.deepEqual(rig.execution.stages[0], {
    name: 'one',
    status: 'SUCCESS',
    warnings: false,
    startedAt: at(2),
    completedAt: at(3),
  });
  assert.deepEqual([rig.execution.status, rig.execution.completedAt], ['RUNNING', null]);
  rig.decide().start('b').finish('b');
  assert.deepEqual([rig.execution.status, rig.execution.completedAt], ['SUCCESS', at(6)]);
  assert.equal(rig.job('b').eligibleAt, at(4));
  assert.equal(rig.job('b').image, 'busybox:1');
  assert.equal(rig.job('b').attempts[0]?.log, 'logs/b.log');
});

test('an allowed failure keeps FAILED and makes a success with warnings', () => {
  const rig = new Rig(jobPlan('a', 'one', { allowFailure: true }), jobPlan('b', 'two'));
  rig.decide().start('a').finish('a', jobOutcome('FAILED')).decide().start('b').finish('b');
  assert.deepEqual([rig.job('a').status, rig.job('a').allowFailure], ['FAILED', true]);
  assert.deepEqual([rig.execution.status, rig.execution.warnings], ['SUCCESS', true]);
  assert.deepEqual(
    rig.execution.stages.map((stage) => stage.warnings),
    [true, false],
  );
});

test('a failure skips what follows, and says why', () => {
  const rig = new Rig(jobPlan('build', 'one'), jobPlan('b', 'two'));
  rig.decide().start('build').finish('build', jobOutcome('FAILED')).decide();
  assert.deepEqual([rig.job('b').status, rig.job('b').waitingReason], ['SKIPPED', 'skipped: "build" failed']);
  assert.deepEqual([rig.execution.status, rig.execution.stages[1]?.status], ['FAILED', 'SKIPPED']);
});

test('a retried job is PENDING again and keeps its attempts', () => {
  const rig = new Rig(jobPlan('a', 'one', { retry: { max: 1, when: ['always'], exitCodes: [] } }));
  rig.decide().start('a').finish('a', jobOutcome('FAILED'));
  assert.deepEqual([rig.job('a').status, rig.execution.status], ['PENDING', 'PENDING']);
  assert.match(rig.job('a').waitingReason ?? '', /attempt 1 failed/);
  rig.start('a').finish('a');
  assert.deepEqual(
    rig.job('a').attempts.map((one) => [one.number, one.status]),
    [
      [1, 'FAILED'],
      [2, 'SUCCESS'],
    ],
  );
  assert.deepEqual([rig.execution.status, rig.job('a').waitingReason], ['SUCCESS', null]);
});

test('a job that fails before it starts has an attempt that never ran', () => {
  const rig = new Rig(jobPlan('a', 'one'));
  rig
    .decide()
    .finish('a', jobOutcome('FAILED', { failureReason: 'config_error', failureMessage: 'no image', exitCode: null }));
  const [attempt] = rig.job('a').attempts;
  assert.deepEqual(
    [attempt?.startedAt, attempt?.failureReason, attempt?.failureMessage],
    [null, 'config_error', 'no image'],
  );
  assert.equal(buildReport(rig.execution).stages[0]?.jobs[0]?.failureReason, 'config_error');
});

test('an unplayed blocking manual job leaves the pipeline MANUAL; played, it goes on', () => {
  const rig = new Rig(jobPlan('a', 'one', { when: 'manual' }), jobPlan('b', 'two'));
  rig.decide();
  assert.deepEqual([rig.execution.status, rig.execution.completedAt], ['MANUAL', null]);
  rig.record.play(rig.job('a').id, { by: localPrincipal, at: rig.next() });
  rig.start('a').finish('a').decide();
  assert.deepEqual(rig.statuses(), { a: 'SUCCESS', b: 'PENDING' });
});

test('a canceled pipeline lets running jobs finish, and is CANCELED though its last job may fail', () => {
  const rig = new Rig(jobPlan('a', 'one', { allowFailure: true }), jobPlan('b', 'two'), jobPlan('c', 'two', needing()));
  rig.decide().start('a');
  rig.record.cancel('interrupted by Ctrl-C', { by: localPrincipal, at: rig.next() });
  assert.deepEqual(rig.statuses(), { a: 'RUNNING', b: 'CANCELED', c: 'CANCELED' });
  rig.finish('a', jobOutcome('CANCELED'));
  assert.deepEqual([rig.execution.status, rig.execution.reason], ['CANCELED', 'interrupted by Ctrl-C']);
});

test('a run that ends with a manual job unplayed is closed, once', () => {
  const rig = new Rig(jobPlan('a', 'one', { when: 'manual' }));
  rig.decide();
  rig.record.close(at(9));
  rig.record.close(at(10));
  assert.deepEqual([rig.execution.status, rig.execution.completedAt], ['MANUAL', at(9)]);
});

test('what did not change stays the same object, and the whole if nothing did', () => {
  const rig = new Rig(jobPlan('a', 'one'), jobPlan('b', 'two'));
  const before = rig.execution;
  rig.record.note(rig.job('a').id, at(1), (job) => job);
  assert.equal(rig.execution, before);
  rig.decide();
  const after = rig.execution;
  assert.notEqual(after, before);
  assert.equal(rig.execution, after);
  assert.deepEqual([after.jobs[1] === before.jobs[1], after.stages[1] === before.stages[1]], [true, true]);
  assert.notEqual(after.stages[0], before.stages[0]);
  assert.equal(before.jobs[0]?.status, 'CREATED');
});

test('a delayed job has a time of its own, until a person plays it', () => {
  const rig = new Rig(jobPlan('a', 'one', { when: 'delayed', startIn: 60 }));
  rig.decide();
  assert.deepEqual([rig.job('a').notBefore, dueAt(rig.job('a'))], [at(61), 61_000]);
  rig.record.play(rig.job('a').id, { by: localPrincipal, at: at(5) });
  assert.deepEqual([rig.job('a').notBefore, dueAt(rig.job('a'))], [null, 5000]);
});

test('an illegal change is a bug and throws', () => {
  const rig = new Rig(jobPlan('a', 'one'));
  assert.throws(() => rig.start('a'), /cannot go from CREATED to RUNNING/);
  rig.decide();
  assert.throws(() => rig.finish('a'), /cannot go from PENDING to SUCCESS/);
});

test('a whole random run keeps stages and pipeline equal to the roll-up of their jobs', () => {
  fc.assert(
    fc.property(randomRun, ({ plan, fates }) => {
      const rig = new Rig(...plan.stages.flatMap((stage) => stage.jobs));
      const check = () => {
        const { execution } = rig;
        const { status, warnings } = rollUp(execution.jobs);
        assert.deepEqual([execution.status, execution.warnings], [status, warnings]);
        for (const stage of execution.stages) {
          assert.equal(stage.status, rollUp(execution.jobs.filter((job) => job.stage === stage.name)).status);
        }
      };
      for (;;) {
        rig.decide();
        check();
        const pending = rig.execution.jobs.find((job) => job.status === 'PENDING');
        if (pending === undefined) return;
        rig.start(pending.name);
        check();
        rig.finish(pending.name, jobOutcome(fates.get(pending.name) ?? 'SUCCESS'));
        check();
      }
    }),
  );
});
