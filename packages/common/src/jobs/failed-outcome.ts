import type { ArtifactRef } from '../artifacts/ArtifactRef.ts';
import type { FailureReason } from '../execution/FailureReason.ts';
import type { PhaseTimings } from '../execution/JobExecution.ts';
import type { JobOutcome } from './JobEvent.ts';

/** The timings of an attempt that spent no time in any phase. */
export const noTimings: PhaseTimings = { queue: 0, pull: 0, prepare: 0, script: 0, artifacts: 0 };

/** The outcome of an attempt that did not fail by its own script; `CANCELED` if the reason is `canceled`, else `FAILED`. */
export function failedOutcome(
  failureReason: FailureReason,
  failureMessage: string,
  artifacts: readonly ArtifactRef[] = [],
): JobOutcome {
  return {
    status: failureReason === 'canceled' ? 'CANCELED' : 'FAILED',
    exitCode: null,
    failureReason,
    failureMessage,
    timings: noTimings,
    artifacts,
  };
}
