import {
  type CallerAction,
  canTransition,
  type ExecutionStatus,
  isoTime,
  isTerminal,
  type JobAttempt,
  type JobExecution,
  type JobOutcome,
  type JobPlan,
  noTimings,
} from '@xx-pipeline/common';
import { concludeAttempt } from './conclude-attempt.ts';
import type { JobDecision } from './decide.ts';

/** A decision about a job in its record. `at` is ISO 8601, here and below. */
export function decided(job: JobExecution, { job: plan, decision, reason }: JobDecision, at: string): JobExecution {
  switch (decision) {
    case 'start':
      return { ...move(job, 'PENDING'), eligibleAt: at };
    case 'delay':
      return {
        ...move(job, 'PENDING'),
        eligibleAt: at,
        notBefore: laterBy(at, plan.startIn ?? 0),
        waitingReason: reason,
      };
    case 'manual':
      return { ...move(job, 'MANUAL'), allowFailure: plan.allowFailure === true, waitingReason: reason };
    case 'skip':
      return { ...move(job, 'SKIPPED'), waitingReason: reason };
  }
}

/** A caller starts a manual job, or a delayed one before its time. */
export function played(job: JobExecution, { by, at }: CallerAction): JobExecution {
  const pending = job.status === 'PENDING' ? job : { ...move(job, 'PENDING'), allowFailure: false };
  return { ...pending, eligibleAt: at, notBefore: null, waitingReason: null, lastAction: { kind: 'play', by, at } };
}

/** A caller runs a finished job again, now. */
export function retried(job: JobExecution, { by, at }: CallerAction): JobExecution {
  return { ...move(job, 'PENDING'), allowFailure: false, eligibleAt: at, lastAction: { kind: 'retry', by, at } };
}

/** A caller runs something again that comes before: the job's turn comes anew. */
export function reset(job: JobExecution): JobExecution {
  return { ...move(job, 'CREATED'), allowFailure: false, eligibleAt: null };
}

/** An attempt begins; `image` is the one used, variables expanded. */
export function started(job: JobExecution, at: string, image: string, log: string | null): JobExecution {
  const attempt: JobAttempt = {
    number: job.attempts.length + 1,
    status: 'RUNNING',
    failureReason: null,
    failureMessage: null,
    exitCode: null,
    startedAt: at,
    completedAt: null,
    timings: noTimings,
    artifacts: [],
    log,
  };
  return { ...move(job, 'RUNNING'), waitingReason: null, image, attempts: [...job.attempts, attempt] };
}

/**
 * An attempt ends: the job is done, or PENDING again for the next one. A job that fails before its attempt could
 * start (a dependency failed, its image name is empty) gets one that never ran, so that the reason has its place.
 */
export function finished(
  job: JobExecution,
  plan: JobPlan,
  outcome: JobOutcome,
  at: string,
  log: string | null,
): JobExecution {
  const running = job.status === 'RUNNING' ? job.attempts.at(-1) : undefined;
  const attempt: JobAttempt = {
    number: running?.number ?? job.attempts.length + 1,
    status: outcome.status,
    failureReason: outcome.failureReason,
    failureMessage: outcome.failureMessage,
    exitCode: outcome.exitCode,
    startedAt: running?.startedAt ?? null,
    completedAt: at,
    timings: outcome.timings,
    artifacts: outcome.artifacts,
    log,
  };
  const attempts = [...(running === undefined ? job.attempts : job.attempts.slice(0, -1)), attempt];
  const { retry, allowFailure } = concludeAttempt(plan, attempts.filter(counts).length, outcome);
  if (!retry) return { ...move(job, outcome.status), allowFailure, waitingReason: null, attempts };
  const waitingReason = `attempt ${attempt.number} failed (${outcome.failureReason ?? 'unknown'}): retrying`;
  const pending = job.status === 'PENDING' ? job : move(job, 'PENDING');
  return { ...pending, waitingReason, eligibleAt: at, notBefore: null, attempts };
}

/** An attempt that its worker rejected or handed back ends; the job waits for another one. */
export function handedBack(
  job: JobExecution,
  { at, message, log }: { readonly at: string; readonly message: string; readonly log: string | null },
): JobExecution {
  const running = job.status === 'RUNNING' ? job.attempts.at(-1) : undefined;
  const attempt: JobAttempt = {
    number: running?.number ?? job.attempts.length + 1,
    status: 'CANCELED',
    failureReason: 'worker_lost',
    failureMessage: message,
    exitCode: null,
    startedAt: running?.startedAt ?? null,
    completedAt: at,
    timings: noTimings,
    artifacts: [],
    log,
  };
  const attempts = [...(running === undefined ? job.attempts : job.attempts.slice(0, -1)), attempt];
  const pending = job.status === 'PENDING' ? job : move(job, 'PENDING');
  return { ...pending, waitingReason: message, eligibleAt: at, notBefore: null, attempts };
}

/** Whether an attempt uses up one of the tries that `retry` grants: not if its worker was lost or handed it back. */
const counts = ({ status, failureReason }: JobAttempt): boolean =>
  status !== 'CANCELED' || failureReason !== 'worker_lost';

/** A job ends because its pipeline does, whatever it was doing. A finished one stays as it is. */
export function canceled(job: JobExecution, at: string, message: string): JobExecution {
  if (isTerminal(job.status)) return job;
  const attempts = job.attempts.map((attempt): JobAttempt => {
    if (attempt.status !== 'RUNNING') return attempt;
    return { ...attempt, status: 'CANCELED', failureReason: 'canceled', failureMessage: message, completedAt: at };
  });
  return { ...move(job, 'CANCELED'), allowFailure: false, waitingReason: null, attempts };
}

/** Every change goes through here; an illegal one is a bug of the caller. */
function move(job: JobExecution, status: ExecutionStatus): JobExecution {
  if (!canTransition(job.status, status)) {
    throw new Error(`job "${job.name}" cannot go from ${job.status} to ${status}`);
  }
  return { ...job, status, waitingReason: null, notBefore: null };
}

const laterBy = (at: string, seconds: number): string => isoTime(Date.parse(at) + seconds * 1000);
