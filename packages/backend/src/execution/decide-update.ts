import {
  canTransition,
  type FailureReason,
  isTerminal,
  type JobAttempt,
  type JobExecution,
  type JobOutcome,
  type JobStatusUpdate,
  noTimings,
  unreachable,
} from '@xx-pipeline/common';
import { type Problem, problem } from '@xx-pipeline/common/api';
import { hashToken, type TokenHolder } from '@xx-pipeline/service';
import type { Assignment } from '../store/ExecutionStore.ts';
import { parseAttemptToken } from './attempt-token.ts';

/** The decision about a status update. */
export type UpdateDecision =
  /** It was applied before. */
  | { readonly kind: 'nothing' }
  | { readonly kind: 'start' }
  /** `isStarting`: the message that it began was lost, or none was sent. */
  | { readonly kind: 'finish'; readonly outcome: JobOutcome; readonly isStarting: boolean }
  | { readonly kind: 'hand-back' }
  | { readonly kind: 'cancel' }
  | { readonly kind: 'skip' }
  | { readonly kind: 'refuse'; readonly problem: Problem };

/** The state that an update is about. */
export interface UpdateSituation {
  readonly job: JobExecution;
  readonly assignment: Assignment | undefined;
}

const nothing: UpdateDecision = { kind: 'nothing' };
const refuse = (code: Problem['code'], detail: string): UpdateDecision => ({
  kind: 'refuse',
  problem: problem(code, detail),
});

/** Decides about a status update: who may say it, whether it is about the current attempt, and what follows. */
export function decideUpdate(update: JobStatusUpdate, caller: TokenHolder, situation: UpdateSituation): UpdateDecision {
  const token = caller.kind === 'job' ? caller.token : update.token;
  if (token !== undefined) return decideForAttempt(update, token, situation);
  const { job, assignment } = situation;
  if (caller.kind === 'worker' && assignment !== undefined) {
    return refuse('stale_attempt', `job "${job.name}" is assigned: its worker names the attempt and its token`);
  }
  const current = currentAttempt(situation);
  if (update.attempt !== undefined && update.attempt !== current) {
    if (isRepeat(update, attemptOf(job, update.attempt))) return nothing;
    return refuse('stale_attempt', staleReason(job, update.attempt, current));
  }
  return transition(update, job, { mayStart: false });
}

function decideForAttempt(update: JobStatusUpdate, token: string, situation: UpdateSituation): UpdateDecision {
  const { job, assignment } = situation;
  const claim = parseAttemptToken(token);
  if (claim === null) return refuse('unauthorized', 'the token is not one of an attempt');
  if (claim.jobId !== job.id) return refuse('forbidden', 'the token is that of another job');
  if (update.attempt !== undefined && update.attempt !== claim.attempt) {
    return refuse('stale_attempt', `the token is that of attempt ${claim.attempt}, not of ${update.attempt}`);
  }
  if (assignment?.attempt === claim.attempt && assignment.tokenHash === hashToken(token)) {
    return transition(update, job, { mayStart: true });
  }
  // The answer got lost and the message comes again; its effect is there, and nothing of it is shown to the sender.
  if (isRepeat(update, attemptOf(job, claim.attempt))) return nothing;
  return refuse('stale_attempt', staleReason(job, claim.attempt, currentAttempt(situation)));
}

/** Decides by the table of `ExecutionStatus`. */
function transition(
  update: JobStatusUpdate,
  job: JobExecution,
  { mayStart }: { readonly mayStart: boolean },
): UpdateDecision {
  const { status: from } = job;
  const { status: to } = update;
  if (from === to && !(mayStart && to === 'PENDING')) return nothing;
  // Only what ran has an exit code.
  const isImplicitStart =
    mayStart && from === 'PENDING' && (to === 'SUCCESS' || (to === 'FAILED' && update.exitCode !== undefined));
  const isHandBack = mayStart && from === 'PENDING' && to === 'PENDING';
  if (isTerminal(from))
    return refuse('conflict', `job "${job.name}" has ended: it is ${from}; retry it to run it again`);
  if (!isImplicitStart && !isHandBack && !canTransition(from, to)) {
    return refuse('conflict', `job "${job.name}" cannot go from ${from} to ${to}`);
  }
  switch (to) {
    case 'RUNNING':
      return { kind: 'start' };
    case 'SUCCESS':
    case 'FAILED':
      return { kind: 'finish', outcome: outcomeOf(update, to, job), isStarting: isImplicitStart };
    case 'CANCELED':
      if (from !== 'RUNNING' && !mayStart) return { kind: 'cancel' };
      return { kind: 'finish', outcome: outcomeOf(update, to, job), isStarting: false };
    case 'PENDING':
      if (from === 'MANUAL') return refuse('conflict', `job "${job.name}" waits for a person: play it`);
      if (from === 'CREATED') return refuse('conflict', `the turn of job "${job.name}" has not come`);
      return { kind: 'hand-back' };
    case 'SKIPPED':
      return { kind: 'skip' };
    case 'CREATED':
    case 'MANUAL':
      return refuse('conflict', `only the server makes a job ${to}`);
    default:
      return unreachable(to);
  }
}

function outcomeOf(update: JobStatusUpdate, status: JobOutcome['status'], job: JobExecution): JobOutcome {
  const running = job.status === 'RUNNING' ? job.attempts.at(-1) : undefined;
  const timings = update.timings ?? noTimings;
  return {
    status,
    exitCode: update.exitCode ?? null,
    failureReason: update.failureReason ?? defaultReason(status),
    failureMessage: update.failureMessage ?? null,
    timings,
    artifacts: running?.artifacts ?? [],
  };
}

function defaultReason(status: JobOutcome['status']): FailureReason | null {
  switch (status) {
    case 'SUCCESS':
      return null;
    case 'FAILED':
      return 'script_failure';
    case 'CANCELED':
      return 'canceled';
    default:
      return unreachable(status);
  }
}

/** The number of the attempt that runs, is assigned or comes next. */
export function currentAttempt({ job, assignment }: UpdateSituation): number {
  const last = job.attempts.at(-1);
  if (assignment !== undefined) return assignment.attempt;
  if (last === undefined) return 1;
  return job.status === 'PENDING' || job.status === 'CREATED' || job.status === 'MANUAL'
    ? last.number + 1
    : last.number;
}

const attemptOf = (job: JobExecution, number: number): JobAttempt | undefined =>
  job.attempts.find((attempt) => attempt.number === number);

/** Whether the reported end is the recorded one. */
function isRepeat(update: JobStatusUpdate, attempt: JobAttempt | undefined): boolean {
  const { status } = update;
  if (attempt === undefined || attempt.status !== status) return false;
  if (status !== 'SUCCESS' && status !== 'FAILED' && status !== 'CANCELED') return false;
  return attempt.failureReason === (update.failureReason ?? defaultReason(status));
}

function staleReason(job: JobExecution, named: number, current: number): string {
  const attempt = attemptOf(job, named);
  if (attempt === undefined || attempt.status === 'RUNNING') {
    return `attempt ${named} of job "${job.name}" is not the current one (that is ${current})`;
  }
  const why = attempt.failureReason === null ? '' : ` (${attempt.failureMessage ?? attempt.failureReason})`;
  return `attempt ${named} of job "${job.name}" has ended: ${attempt.status}${why}`;
}
