import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ExecutionStatus, isTerminal } from '@xx-pipeline/common';
import fc from 'fast-check';
import type { JobState } from '../../src/progress/composite-status.ts';
import type { JobDecision } from '../../src/progress/decide.ts';
import { nextJobs } from '../../src/progress/next-jobs.ts';
import { indexPlan } from '../../src/progress/PlanIndex.ts';
import { ProgressTracker } from '../../src/progress/ProgressTracker.ts';
import { rollUp } from '../../src/progress/roll-up.ts';
import { after, isDone, naiveComposite, naiveNextJobs, type RandomRun, randomRun } from './model.ts';

const created: JobState = { status: 'CREATED', allowFailure: false };
const anyStatus = fc.constantFrom(...Object.values(ExecutionStatus));
const asTable = (decisions: readonly JobDecision[]) =>
  new Map(decisions.map(({ job, decision }) => [job.name, decision]));

/** Plays a random run to its end; `onStep` sees the decisions of each step and the states before they were taken. */
function play(
  { plan, fates, picks }: RandomRun,
  onStep: (decisions: readonly JobDecision[], states: ReadonlyMap<string, JobState>) => void,
): Map<string, JobState> {
  const tracker = new ProgressTracker(indexPlan(plan));
  const states = new Map<string, JobState>();
  for (let step = 0; ; step += 1) {
    const decisions = tracker.decide();
    onStep(decisions, states);
    for (const { job, decision } of decisions) states.set(job.name, after(job, decision));
    const alive = plan.stages
      .flatMap((stage) => stage.jobs)
      .filter((job) => states.get(job.name)?.status === 'PENDING');
    const next = alive[(picks[step % picks.length] ?? 0) % alive.length];
    if (next === undefined) return states;
    const status = fates.get(next.name) ?? 'SUCCESS';
    const state = { status, allowFailure: status !== 'SUCCESS' && next.allowFailure === true };
    states.set(next.name, state);
    tracker.set(next.name, state);
  }
}

const jobsOf = ({ plan }: RandomRun) => plan.stages.flatMap((stage) => stage.jobs);

test('tracker, pure function and the text of the language decide the same at every step', () => {
  fc.assert(
    fc.property(randomRun, (run) => {
      play(run, (decisions, states) => {
        assert.deepEqual(
          decisions,
          nextJobs(
            indexPlan(run.plan),
            jobsOf(run).map(({ name }) => states.get(name) ?? created),
          ),
        );
        assert.deepEqual(asTable(decisions), naiveNextJobs(run.plan, new Map(states)));
      });
    }),
    { numRuns: 500 },
  );
});

test('every run ends with each job done, waiting for a person, or behind one who does', () => {
  fc.assert(
    fc.property(randomRun, (run) => {
      const states = play(run, () => {});
      const isBlocked = [...states.values()].some(({ status, allowFailure }) => status === 'MANUAL' && !allowFailure);
      for (const job of jobsOf(run)) {
        const state = states.get(job.name) ?? created;
        assert.ok(isDone(state) || isBlocked, `${job.name} is ${state.status}`);
      }
    }),
    { numRuns: 500 },
  );
});

test('no job starts before what it waits for is done', () => {
  fc.assert(
    fc.property(randomRun, (run) => {
      const jobs = jobsOf(run);
      const order = run.plan.stages.map((stage) => stage.name);
      play(run, (decisions, statesBefore) => {
        const states = new Map(statesBefore);
        for (const { job, decision } of decisions) states.set(job.name, after(job, decision));
        for (const { job, decision } of decisions) {
          if (decision === 'skip') continue;
          const waitsFor =
            job.needs === null
              ? jobs.filter((other) => order.indexOf(other.stage) < order.indexOf(job.stage)).map((other) => other.name)
              : job.needs.map((need) => need.job);
          for (const name of waitsFor) assert.ok(isDone(states.get(name) ?? created), `${job.name} before ${name}`);
        }
      });
    }),
    { numRuns: 500 },
  );
});

test('nothing is skipped in a run in which all succeed and nothing is manual', () => {
  fc.assert(
    fc.property(randomRun, ({ plan, picks }) => {
      const stages = plan.stages.map((stage) => ({
        ...stage,
        jobs: stage.jobs.map((job) => ({ ...job, when: job.when === 'always' ? job.when : ('on_success' as const) })),
      }));
      const states = play({ plan: { ...plan, stages }, fates: new Map(), picks }, () => {});
      for (const { status } of states.values()) assert.equal(status, 'SUCCESS');
    }),
  );
});

test('states may come in any order and be set again', () => {
  fc.assert(
    fc.property(randomRun, fc.array(fc.tuple(fc.nat(11), anyStatus), { maxLength: 40 }), (run, changes) => {
      const jobs = jobsOf(run);
      const tracker = new ProgressTracker(indexPlan(run.plan));
      const states = new Map<string, JobState>();
      for (const [pick, status] of changes) {
        const job = jobs[pick % jobs.length];
        assert.ok(job);
        const state = { status, allowFailure: job.allowFailure === true };
        states.set(job.name, state);
        tracker.set(job.name, state);
        const decisions = tracker.decide();
        assert.deepEqual(asTable(decisions), naiveNextJobs(run.plan, new Map(states)));
        for (const one of decisions) states.set(one.job.name, after(one.job, one.decision));
      }
    }),
    { numRuns: 500 },
  );
});

test('the roll-up is that of the text, for every set of states', () => {
  const state = fc.record({ status: fc.constantFrom(...Object.values(ExecutionStatus)), allowFailure: fc.boolean() });
  fc.assert(
    fc.property(fc.array(state, { maxLength: 6 }), (states) => {
      const { status, warnings } = rollUp(states);
      assert.equal(status, naiveComposite(states, false) ?? 'SUCCESS');
      const isWarned = states.some((one) => one.allowFailure && (one.status === 'FAILED' || one.status === 'CANCELED'));
      assert.equal(warnings, status === 'SUCCESS' && isWarned);
    }),
    { numRuns: 2000 },
  );
});

test('terminal jobs roll up to a terminal status', () => {
  const state = fc.record({
    status: fc.constantFrom(...Object.values(ExecutionStatus).filter(isTerminal)),
    allowFailure: fc.boolean(),
  });
  fc.assert(fc.property(fc.array(state), (states) => assert.ok(isTerminal(rollUp(states).status))));
});
