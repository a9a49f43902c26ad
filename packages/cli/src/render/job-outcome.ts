import {
  type ExecutionStatus,
  type FailureReason,
  isTerminal,
  type JobAttempt,
  unreachable,
} from '@xx-pipeline/common';
import { visible } from './ansi.ts';
import { between, formatDuration } from './duration.ts';

/** What records and reports of a job have in common, as far as its outcome goes. */
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
  return [what, failureMessage === null ? '' : visible(failureMessage)].filter((part) => part !== '').join(': ');
}

/** Everything worth a remark about how a job came out: reason, attempts, long queueing or pulling. */
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

/** Names what there is to tell about a job now: its end, that it waits for a person, another attempt; null for nothing. */
export function newsOf(job: OutcomeFacts): string | null {
  if (isTerminal(job.status) || job.status === 'MANUAL') {
    return `${job.status} ${job.attempts.length}`;
  }
  return job.status === 'PENDING' && job.attempts.at(-1)?.status === 'FAILED' ? `retry ${job.attempts.length}` : null;
}

/** Why a job waits or was skipped, to stand behind the word that says which of both. */
export const waitingText = (reason: string): string => visible(reason.replace(/^skipped: /, ''));

/** How long a job's last attempt took; empty when it never ran. */
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
      return 'no image';
    case 'dependency_failed':
      return 'a needed job failed';
    case 'dependency_timeout':
      return 'a needed job took too long';
    case 'worker_lost':
      return 'worker lost';
    case 'canceled':
      return 'canceled';
    case 'config_error':
      return 'wrong configuration';
    case 'system_failure':
      return 'system failure';
    default:
      return unreachable(reason);
  }
}
