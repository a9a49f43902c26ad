import { type FailureReason, type JobOutcome, type JobPlan, unreachable } from '@xx-pipeline/common';

/** The consequences of the end of an attempt. */
export interface AttemptConclusion {
  /** Another attempt is due. */
  readonly retry: boolean;
  /** If there is none: the failure does not count. */
  readonly allowFailure: boolean;
}

/** Applies `retry`, then `allow_failure`. Attempts count from 1; a canceled one is never retried. */
export function concludeAttempt(job: JobPlan, attemptNumber: number, outcome: JobOutcome): AttemptConclusion {
  switch (outcome.status) {
    case 'SUCCESS':
      return { retry: false, allowFailure: false };
    case 'CANCELED':
      return { retry: false, allowFailure: job.allowFailure === true };
    case 'FAILED':
      return { retry: isRetried(job, attemptNumber, outcome), allowFailure: isAllowed(job, outcome) };
    default:
      return unreachable(outcome.status);
  }
}

function isAllowed(job: JobPlan, outcome: JobOutcome): boolean {
  if (typeof job.allowFailure === 'boolean') return job.allowFailure;
  return hasExitCode(outcome, job.allowFailure.exitCodes);
}

function isRetried({ retry }: JobPlan, attemptNumber: number, outcome: JobOutcome): boolean {
  if (attemptNumber > retry.max) return false;
  const reasons = gitlabReasons(outcome.failureReason ?? 'system_failure');
  if (reasons === null) return false;
  if (hasExitCode(outcome, retry.exitCodes)) return true;
  if (retry.when.length === 0) return retry.exitCodes.length === 0;
  return retry.when.some((reason) => reason === 'always' || reasons.includes(reason));
}

/** Only a script has an exit code that means something to the user. */
function hasExitCode(outcome: JobOutcome, exitCodes: readonly number[]): boolean {
  return (
    outcome.failureReason === 'script_failure' && outcome.exitCode !== null && exitCodes.includes(outcome.exitCode)
  );
}

/** The names `retry:when` has for our reasons; null where another attempt cannot help. */
function gitlabReasons(reason: FailureReason): readonly string[] | null {
  switch (reason) {
    case 'script_failure':
      return ['script_failure'];
    case 'timeout':
      return ['job_execution_timeout'];
    case 'image_pull_failure':
      // Some runners call it the one, some the other.
      return ['image_pull_failure', 'runner_system_failure', 'script_failure'];
    case 'dependency_timeout':
      return ['stuck_or_timeout_failure'];
    case 'worker_lost':
      return ['runner_system_failure', 'stuck_or_timeout_failure'];
    case 'system_failure':
      return ['runner_system_failure', 'unknown_failure', 'api_failure'];
    case 'canceled':
    case 'config_error':
    case 'dependency_failed':
      return null;
    default:
      return unreachable(reason);
  }
}
