import type { ExecutionStatus } from '@xx-pipeline/common';
import { compositeStatus, type JobState, StateBit, symbolOf } from './composite-status.ts';

/** The status of a stage or pipeline. */
export interface RollUp {
  readonly status: ExecutionStatus;
  /** It succeeded, but a job among it failed and was allowed to. */
  readonly warnings: boolean;
}

/** The status of a stage or pipeline from its jobs; one without jobs has succeeded. */
export function rollUp(states: Iterable<JobState>): RollUp {
  let set = 0;
  for (const state of states) set |= symbolOf(state);
  return rollUpSet(set);
}

/** The same from the united bits of the jobs' states. */
export function rollUpSet(set: number): RollUp {
  const status = compositeStatus(set) ?? 'SUCCESS';
  return { status, warnings: status === 'SUCCESS' && (set & StateBit.warn) !== 0 };
}
