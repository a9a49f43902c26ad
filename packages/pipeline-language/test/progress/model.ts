import type { ExecutionStatus, JobPlan, PipelinePlan, When } from '@xx-pipeline/common';
import { jobPlan, testPlan } from '@xx-pipeline/testing';
import fc from 'fast-check';
import type { JobState } from '../../src/progress/composite-status.ts';

/** How a job of a random run ends. */
export type Fate = 'SUCCESS' | 'FAILED' | 'CANCELED';

/** A random plan and what becomes of its jobs. */
export interface RandomRun {
  readonly plan: PipelinePlan;
  readonly fates: ReadonlyMap<string, Fate>;
  /** Which of several running jobs ends next. */
  readonly picks: readonly number[];
}

const when: fc.Arbitrary<When> = fc.oneof(
  { weight: 4, arbitrary: fc.constant('on_success' as const) },
  {
    weight: 3,
    arbitrary: fc.constantFrom('on_failure' as const, 'always' as const, 'manual' as const, 'delayed' as const),
  },
);

const jobDraft = fc.record({
  stage: fc.nat(3),
  when,
  allowFailure: fc.boolean(),
  /** Which of the jobs before it a job needs; null for none of that kind. */
  needs: fc.option(fc.array(fc.nat(11), { maxLength: 3 })),
  fate: fc.oneof(
    { weight: 5, arbitrary: fc.constant('SUCCESS' as const) },
    fc.constantFrom('FAILED' as const, 'CANCELED' as const),
  ),
});

/** Plans of up to twelve jobs in up to four stages, needs pointing only backwards. */
export const randomRun: fc.Arbitrary<RandomRun> = fc
  .record({
    drafts: fc.array(jobDraft, { minLength: 1, maxLength: 12 }),
    picks: fc.array(fc.nat(11), { minLength: 12, maxLength: 12 }),
  })
  .map(({ drafts, picks }) => {
    const sorted = drafts.toSorted((left, right) => left.stage - right.stage);
    const jobs = sorted.map((draft, number): JobPlan => {
      const needed = [...new Set((draft.needs ?? []).filter((other) => other < number))];
      const needs = draft.needs === null ? null : needed.map((other) => ({ job: `j${other}`, artifacts: true }));
      return jobPlan(`j${number}`, `s${draft.stage}`, { when: draft.when, allowFailure: draft.allowFailure, needs });
    });
    const fates = new Map(sorted.map((draft, number) => [`j${number}`, draft.fate]));
    return { plan: testPlan(...jobs), fates, picks };
  });

/** The status of a set of jobs as the language's text defines it, word by word, with sets of symbols. */
export function naiveComposite(states: readonly JobState[], dag: boolean): ExecutionStatus | null {
  const symbols = new Set(states.map(symbolName));
  const within = (...allowed: string[]) => [...symbols].every((symbol) => allowed.includes(symbol));
  const any = (...wanted: string[]) => wanted.some((symbol) => symbols.has(symbol));
  if (symbols.size === 0) return null;
  if (dag && any('skipped', 'ignored')) return 'SKIPPED';
  if (within('skipped', 'ignored')) return 'SKIPPED';
  if (within('success', 'skipped', 'warn', 'ignored')) return 'SUCCESS';
  if (within('created', 'warn', 'ignored')) return 'CREATED';
  if (within('canceled', 'success', 'skipped', 'warn', 'ignored')) return 'CANCELED';
  if (within('pending', 'created', 'skipped', 'warn', 'ignored')) return 'PENDING';
  if (any('running', 'pending')) return 'RUNNING';
  if (any('manual')) return 'MANUAL';
  if (any('created')) return 'RUNNING';
  return 'FAILED';
}

function symbolName({ status, allowFailure }: JobState): string {
  if (allowFailure && (status === 'FAILED' || status === 'CANCELED')) return 'warn';
  if (allowFailure && status === 'MANUAL') return 'ignored';
  return status.toLowerCase();
}

/** What the language's text says about each job in turn, asked of all jobs of the plan every time. */
export function naiveNextJobs(plan: PipelinePlan, states: Map<string, JobState>): Map<string, string> {
  const decided = new Map<string, string>();
  const stateOf = (name: string): JobState => states.get(name) ?? { status: 'CREATED', allowFailure: false };
  for (const [position, stage] of plan.stages.entries()) {
    const earlier = plan.stages.slice(0, position).flatMap((one) => one.jobs);
    for (const job of stage.jobs) {
      if (stateOf(job.name).status !== 'CREATED') continue;
      const before =
        job.needs === null ? earlier.map((one) => stateOf(one.name)) : job.needs.map((need) => stateOf(need.job));
      const isOpen = before.some((one) => naiveComposite([one], false) !== null && !isDone(one));
      const previous = naiveComposite(before, job.needs !== null) ?? 'SUCCESS';
      if (!['SUCCESS', 'FAILED', 'CANCELED', 'SKIPPED'].includes(previous)) continue;
      if (isOpen && (previous !== 'SKIPPED' || job.when === 'always')) continue;
      const decision = decisionOf(job, previous);
      decided.set(job.name, decision);
      states.set(job.name, after(job, decision));
    }
  }
  return decided;
}

/** Whether a job's state holds nobody back. */
export function isDone({ status, allowFailure }: JobState): boolean {
  return ['SUCCESS', 'FAILED', 'CANCELED', 'SKIPPED'].includes(status) || (status === 'MANUAL' && allowFailure);
}

function decisionOf(job: JobPlan, previous: ExecutionStatus): string {
  const accepted: Record<When, readonly string[]> = {
    on_success: job.needs === null ? ['SUCCESS', 'SKIPPED'] : ['SUCCESS'],
    manual: job.needs === null ? ['SUCCESS', 'SKIPPED'] : ['SUCCESS'],
    delayed: job.needs === null ? ['SUCCESS', 'SKIPPED'] : ['SUCCESS'],
    on_failure: ['FAILED'],
    always: ['SUCCESS', 'FAILED', 'SKIPPED'],
  };
  if (!accepted[job.when].includes(previous)) return 'skip';
  return job.when === 'manual' ? 'manual' : job.when === 'delayed' ? 'delay' : 'start';
}

/** A job's state once a decision is taken. */
export function after(job: JobPlan, decision: string): JobState {
  if (decision === 'skip') return { status: 'SKIPPED', allowFailure: false };
  if (decision === 'manual') return { status: 'MANUAL', allowFailure: job.allowFailure === true };
  return { status: 'PENDING', allowFailure: false };
}
