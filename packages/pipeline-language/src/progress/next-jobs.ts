import type { JobState } from './composite-status.ts';
import type { JobDecision } from './decide.ts';
import type { PlanIndex } from './PlanIndex.ts';
import { ProgressTracker } from './ProgressTracker.ts';

/**
 * Decides about the CREATED jobs of a plan whose turn has come, or can no longer come; decisions of the same call are
 * visible to each other. `states` are in the order of the index; jobs beyond them are CREATED. Costs as much as the plan
 * is long: to decide after every change, keep a `ProgressTracker`.
 */
export function nextJobs(index: PlanIndex, states: readonly JobState[]): JobDecision[] {
  const tracker = new ProgressTracker(index);
  for (const [number, state] of states.entries()) tracker.setNumber(number, state);
  return tracker.decide();
}
