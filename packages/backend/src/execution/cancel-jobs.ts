import { failedOutcome, isTerminal, type JobExecution } from '@xx-pipeline/common';
import { attemptLog } from './attempt-log.ts';
import type { ExecutionDraft } from './ExecutionDraft.ts';

/** Ends one job: at once where no worker runs it, else its worker is asked to. */
export function cancelJobOf(draft: ExecutionDraft, job: JobExecution, message: string): void {
  if (isTerminal(job.status)) return;
  const assignment = draft.assignments.get(job.id);
  if (assignment === undefined) {
    draft.record.cancelJob(job.id, { at: draft.at, message });
    return;
  }
  draft.tellCancel(assignment);
  if (job.status === 'RUNNING') {
    if (!assignment.cancelRequested) draft.assign({ ...assignment, cancelRequested: true });
    return;
  }
  // The worker may hold it already: the number is used up, so that nothing it says is taken for a later attempt's.
  const log = attemptLog(job.id, assignment.attempt);
  draft.record.finishAttempt(job.id, failedOutcome('canceled', message), { at: draft.at, log });
  draft.unassign(job.id);
}

/** Ends a whole run: what has not started at once, running jobs when their workers confirm it. */
export function cancelExecutionOf(draft: ExecutionDraft, reason: string): void {
  if (isTerminal(draft.head.status)) return;
  draft.record.setFacts({ reason });
  for (const job of [...draft.jobs]) {
    if (draft.assignments.has(job.id) || job.status === 'RUNNING') cancelJobOf(draft, job, reason);
  }
  draft.record.cancel(reason, draft.at);
}

/** An attempt was told to end and has not. */
export const isBeingCanceled = (draft: ExecutionDraft): boolean =>
  draft.assignments.values().some(({ cancelRequested }) => cancelRequested);
