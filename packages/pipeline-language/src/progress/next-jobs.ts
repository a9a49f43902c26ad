import { isTerminal, type PipelinePlan } from '@xx-pipeline/common';
import type { JobState } from './composite-status.ts';
import type { JobDecision } from './decide.ts';
import { indexPlan } from './PlanIndex.ts';
import { ProgressTracker } from './ProgressTracker.ts';

/**
 * What is to happen to the CREATED jobs of a plan whose turn has come, or can no longer come; decisions of the same call
 * are visible to each other. Looks at the whole plan: to ask after every change, keep a `ProgressTracker`.
 */
export function nextJobs(plan: PipelinePlan, stateOf: (jobName: string) => JobState): JobDecision[] {
  const index = indexPlan(plan);
  const tracker = new ProgressTracker(index);
  for (const job of index.jobs) tracker.set(job.name, stateOf(job.name));
  return tracker.decide();
}

/** Whether nothing more happens to a job unless a person acts. */
export function isSettled({ status, allowFailure }: JobState): boolean {
  return isTerminal(status) || (status === 'MANUAL' && allowFailure);
}
