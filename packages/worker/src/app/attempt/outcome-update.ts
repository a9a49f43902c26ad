import type { JobOutcome, JobStatusUpdate } from '@xx-pipeline/common';

/** A failure's message is cut here, as the API's limit is: the log has all of it. */
const longestMessage = 9_000;

/** What is told of an outcome. */
export function outcomeUpdate(outcome: JobOutcome): Omit<JobStatusUpdate, 'jobId'> {
  const { status, exitCode, failureReason, failureMessage, timings } = outcome;
  return {
    status,
    timings,
    ...(exitCode === null ? {} : { exitCode }),
    ...(failureReason === null ? {} : { failureReason }),
    ...(failureMessage === null ? {} : { failureMessage: failureMessage.slice(0, longestMessage) }),
  };
}
