import type { JobOutcome } from '@xx-pipeline/common';

/** The outcome of an attempt, with no special fields except the given ones. */
export function jobOutcome(status: JobOutcome['status'], special: Partial<JobOutcome> = {}): JobOutcome {
  return {
    status,
    exitCode: status === 'SUCCESS' ? 0 : 1,
    failureReason: status === 'FAILED' ? 'script_failure' : status === 'CANCELED' ? 'canceled' : null,
    failureMessage: null,
    timings: { queue: 0, pull: 0, prepare: 0, script: 0, artifacts: 0 },
    artifacts: [],
    ...special,
  };
}
