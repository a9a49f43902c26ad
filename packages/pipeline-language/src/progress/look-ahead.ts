import { isTerminal, type JobExecution } from '@xx-pipeline/common';
import type { PlanIndex } from './PlanIndex.ts';

/** Jobs examined in one search; those further ahead are not urgent. */
const searchLimit = 100;

/** The states of the jobs of a plan, by their number. */
export interface Progress {
  readonly index: PlanIndex;
  readonly jobOf: (number: number) => JobExecution;
  /** Has a container waiting. */
  readonly isPrepared: (number: number) => boolean;
}

/** The state of looking ahead between searches. */
export interface LookAheadState {
  /** All jobs before this number have got their turn. */
  start: number;
}

/**
 * The next job in order of the plan that will run if nothing fails, though its turn has not come yet: everything it
 * waits for is done, under way or prepared. null when there is none near.
 */
export function nextLikelyJob(progress: Progress, state: LookAheadState): number | null {
  const { index, jobOf, isPrepared } = progress;
  while (state.start < index.jobs.length && !isOpen(jobOf(state.start))) state.start++;
  /** The first stage with a job that holds up all later stages. */
  let blockedAt = Number.POSITIVE_INFINITY;
  const end = Math.min(index.jobs.length, state.start + searchLimit);
  for (let number = state.start; number < end; number++) {
    const job = index.jobs[number];
    if (job === undefined || !isOpen(jobOf(number)) || isPrepared(number)) continue;
    // Runs only if something fails, or is optional: no job waits for it if all succeed.
    if (job.when === 'on_failure' || (job.when === 'manual' && job.allowFailure === true)) continue;
    const stage = index.stageOf[number] ?? 0;
    const runsByItself = job.when === 'on_success' || job.when === 'always';
    if (runsByItself && isNear(progress, number, stage > blockedAt)) return number;
    blockedAt = Math.min(blockedAt, stage);
  }
  return null;
}

/** Its turn has not come, or a person has to start it before later jobs can run. */
function isOpen({ status, allowFailure }: JobExecution): boolean {
  return status === 'CREATED' || (status === 'MANUAL' && !allowFailure);
}

function isNear({ index, jobOf, isPrepared }: Progress, number: number, isBlocked: boolean): boolean {
  const needs = index.needs[number] ?? null;
  if (needs === null) return !isBlocked;
  return needs.every((needed) => {
    const { status } = jobOf(needed);
    return (
      status === 'RUNNING' || status === 'PENDING' || status === 'SUCCESS' || status === 'FAILED' || isPrepared(needed)
    );
  });
}

/** Which of some jobs are certain to have ended before a job runs. */
export function certainlyBefore(
  progress: Pick<Progress, 'index' | 'jobOf'>,
  number: number,
  others: readonly number[],
): number[] {
  const { index, jobOf } = progress;
  const before = new Set<number>();
  let earlierThan = 0;
  const visited = new Set([number]);
  // A set grows under its loop. What has ended led to all that came before it, so the search stops there.
  for (const current of visited) {
    const needs = index.needs[current] ?? null;
    if (needs === null) earlierThan = Math.max(earlierThan, index.stageOf[current] ?? 0);
    for (const needed of needs ?? []) {
      before.add(needed);
      if (!isTerminal(jobOf(needed).status)) visited.add(needed);
    }
  }
  return others.filter((other) => before.has(other) || (index.stageOf[other] ?? 0) < earlierThan);
}

/** A job that will run soon if nothing fails. */
export interface LikelyJob {
  readonly number: number;
  /** Numbers of the jobs, of those under way and those before it here, that are certain to have ended when it runs. */
  readonly after: readonly number[];
}

/** The next jobs of a run whose turn has not come yet, in order of the plan. Every job must be known. */
export function likelyJobs(index: PlanIndex, jobs: readonly JobExecution[], limit: number): LikelyJob[] {
  const jobOf = (number: number): JobExecution => {
    const job = jobs[number];
    if (job === undefined) throw new Error(`the run has no job number ${number}`);
    return job;
  };
  const likely = new Map<number, LikelyJob>();
  const progress: Progress = { index, jobOf, isPrepared: (number) => likely.has(number) };
  const underWay = [...jobs.keys()].filter((number) => ['PENDING', 'RUNNING'].includes(jobOf(number).status));
  const state: LookAheadState = { start: 0 };
  while (likely.size < limit) {
    const number = nextLikelyJob(progress, state);
    if (number === null) break;
    likely.set(number, { number, after: certainlyBefore(progress, number, [...underWay, ...likely.keys()]) });
  }
  return [...likely.values()];
}
