import {
  failedOutcome,
  isTerminal,
  type JobAction,
  type JobExecution,
  type JobOutcome,
  type Principal,
  principalName,
} from '@xx-pipeline/common';
import type { JobDecision } from '@xx-pipeline/pipeline-language';
import { currentAttempt } from './decide-update.ts';
import type { ExecutionDraft } from './ExecutionDraft.ts';

// Steps of a decision about a run. Each works on one draft, inside the change that its first caller makes:
//
//   startDueJobs --> applyDecisions            a job ends or is canceled
//        ^                                                |
//        '------------------ settleRun <------------------'
//                                '--> releaseAssignments (the run has ended)

/** The path of an attempt's log, in records and reports. */
export const attemptLog = (jobId: string, attempt: number): string => `/api/jobs/${jobId}/log?attempt=${attempt}`;

/** Applies decisions about jobs of one stage: those that start are PENDING from then on. */
export function applyDecisions(draft: ExecutionDraft, stage: string, decisions: readonly JobDecision[]): void {
  const other = decisions.find(({ job }) => job.stage !== stage);
  if (other !== undefined) throw new Error(`job "${other.job.name}" is not in stage "${stage}"`);
  draft.record.apply(decisions, draft.at);
}

/** Starts, skips or holds the jobs whose turn has come: of the next stage, and of later ones whose needs are done. */
export function startDueJobs(draft: ExecutionDraft): void {
  if (draft.isEnding) return;
  for (const [stage, decisions] of Map.groupBy(draft.decide(), ({ job }) => job.stage)) {
    applyDecisions(draft, stage, decisions);
  }
}

/** Does what follows after jobs have ended: starts the next ones, or ends the run. */
export function settleRun(draft: ExecutionDraft): void {
  startDueJobs(draft);
  if (isTerminal(draft.head.status)) releaseAssignments(draft);
}

/** Takes all assignments away from their workers. */
export function releaseAssignments(draft: ExecutionDraft): void {
  for (const assignment of [...draft.assignments.values()]) {
    draft.tellCancel(assignment);
    draft.unassign(assignment.jobId);
  }
}

/** Ends an attempt: the job ends or waits for another one, and the run continues from there. */
export function concludeAttempt(draft: ExecutionDraft, jobId: string, outcome: JobOutcome): void {
  const assignment = draft.assignments.get(jobId);
  const attempt = currentAttempt({ job: draft.job(jobId), assignment });
  draft.record.finishAttempt(jobId, outcome, { at: draft.at, log: attemptLog(jobId, attempt) });
  draft.unassign(jobId);
  const isUnwanted = draft.isEnding || assignment?.cancelRequested === true;
  if (isUnwanted) cancelJobOf(draft, draft.job(jobId), draft.head.reason ?? 'canceled');
  settleRun(draft);
}

/** Ends an attempt that no worker runs (rejected, or given back): its job waits for the next one. */
export function handBack(draft: ExecutionDraft, jobId: string, message: string): void {
  const assignment = draft.assignments.get(jobId);
  const attempt = currentAttempt({ job: draft.job(jobId), assignment });
  draft.record.handBack(jobId, { at: draft.at, message, log: attemptLog(jobId, attempt) });
  draft.unassign(jobId);
  if (!draft.isEnding && assignment?.cancelRequested !== true) return;
  cancelJobOf(draft, draft.job(jobId), draft.head.reason ?? 'canceled');
  settleRun(draft);
}

/** Ends one job: at once where no worker runs it, otherwise by asking its worker. */
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
  // The worker may have the attempt already: its number is used up, so that its messages never count for a later one.
  const log = attemptLog(job.id, assignment.attempt);
  draft.record.finishAttempt(job.id, failedOutcome('canceled', message), { at: draft.at, log });
  draft.unassign(job.id);
}

/** Ends one job for a caller; a finished one stays as it is. */
export function cancelJobFor(draft: ExecutionDraft, job: JobExecution, by: Principal): void {
  if (isTerminal(job.status)) return;
  noteAction(draft, job, 'cancel', by);
  cancelJobOf(draft, draft.job(job.id), `canceled by ${principalName(by)}`);
}

/** Records what a caller did with a job, where no change of status does. */
export function noteAction(draft: ExecutionDraft, job: JobExecution, kind: JobAction['kind'], by: Principal): void {
  const lastAction = { kind, by, at: draft.at };
  draft.record.note(job.id, draft.at, (record) => ({ ...record, lastAction }));
}

/** Ends a whole run for a caller: what has not started at once, running jobs when their workers confirm it. */
export function cancelExecutionOf(draft: ExecutionDraft, by: Principal, given: string | undefined): void {
  if (isTerminal(draft.head.status)) return;
  const reason = given ?? `canceled by ${principalName(by)}`;
  draft.record.beginCancel(reason, { by, at: draft.at });
  for (const job of [...draft.jobs]) {
    if (draft.assignments.has(job.id) || job.status === 'RUNNING') cancelJobOf(draft, job, reason);
  }
  draft.record.cancel(reason, { by, at: draft.at });
}

/** Whether a worker was asked to end an attempt and has not confirmed it. */
export const isBeingCanceled = (draft: ExecutionDraft): boolean =>
  draft.assignments.values().some(({ cancelRequested }) => cancelRequested);
