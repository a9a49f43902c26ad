import {
  type ExecutionStatus,
  type FailureReason,
  isTerminal,
  type JobAttempt,
  unreachable,
} from '@xx-pipeline/common';
import { between, formatDuration } from './amounts.ts';

/** The fields of a job's outcome that its record and its report have in common. */
export interface OutcomeFacts {
  readonly name: string;
  readonly status: ExecutionStatus;
  readonly waitingReason: string | null;
  readonly attempts: readonly JobAttempt[];
}

/** Why an attempt failed, in a few words: `exit code 3`, `timed out`. */
export function failureText(attempt: JobAttempt): string {
  const { failureReason: reason, exitCode, failureMessage } = attempt;
  if (reason === 'script_failure' && exitCode !== null) {
    return `exit code ${exitCode}`;
  }
  const what = reason === null ? '' : reasonText(reason);
  return [what, failureMessage ?? ''].filter((part) => part !== '').join(': ');
}

/** Remarks on the outcome of a job: reason, attempts, long queueing or pulling. */
export function outcomeNotes(job: OutcomeFacts): string[] {
  const last = job.attempts.at(-1);
  const notes: string[] = [];
  if (job.status === 'FAILED' && last !== undefined) {
    notes.push(failureText(last));
  } else if (job.status !== 'SUCCESS' && job.waitingReason !== null) {
    notes.push(waitingText(job.waitingReason));
  }
  if (job.attempts.length > 1) {
    notes.push(`${job.attempts.length} attempts`);
  }
  if (last !== undefined && last.timings.pull >= 1000) {
    notes.push(`pull ${formatDuration(last.timings.pull)}`);
  }
  if (last !== undefined && last.timings.queue >= 5000) {
    notes.push(`queued ${formatDuration(last.timings.queue)}`);
  }
  return notes.filter((note) => note !== '');
}

/** A key for the news about a job: its end, that it waits for a person, another attempt. Null if there is none. */
export function newsKey(job: OutcomeFacts): string | null {
  if (isTerminal(job.status) || job.status === 'MANUAL') {
    return `${job.status} ${job.attempts.length}`;
  }
  return job.status === 'PENDING' && job.attempts.at(-1)?.status === 'FAILED' ? `retry ${job.attempts.length}` : null;
}

/** Why a job waits or was skipped, to follow the word that says which of both. */
export const waitingText = (reason: string): string => reason.replace(/^skipped: /, '');

/** The duration of a job's last attempt; empty if the job never ran. */
export function jobDuration(job: Pick<OutcomeFacts, 'attempts'>): string {
  const last = job.attempts.at(-1);
  const ms = last === undefined ? null : between(last.startedAt, last.completedAt);
  return ms === null ? '' : formatDuration(ms);
}

function reasonText(reason: FailureReason): string {
  switch (reason) {
    case 'script_failure':
      return 'script failed';
    case 'timeout':
      return 'timed out';
    case 'image_pull_failure':
      return 'image unavailable';
    case 'dependency_failed':
      return 'a needed job failed';
    case 'dependency_timeout':
      return 'timed out waiting for a needed job';
    case 'worker_lost':
      return 'worker lost';
    case 'canceled':
      return 'canceled';
    case 'config_error':
      return 'invalid configuration';
    case 'system_failure':
      return 'system failure';
    default:
      return unreachable(reason);
  }
}
