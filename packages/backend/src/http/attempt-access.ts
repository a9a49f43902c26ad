import type { Principal } from '@xx-pipeline/common';
import { type Caller, HttpProblem, type TokenHolder } from '@xx-pipeline/service';
import type { AttemptAccess } from '../execution/AttemptAccess.ts';
import { principalOf } from '../execution/attempt-token.ts';

/** An attempt a call may write to, and the headers its answer carries. */
export interface WritableAttempt {
  readonly attempt: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** Lets an attempt read its own job and those it depends on; people and workers read all. */
export async function admitReader(access: AttemptAccess, caller: Caller, jobId: string): Promise<void> {
  if (caller.kind !== 'job') return;
  const attempt = HttpProblem.orThrow(await access.authorizeAttempt(caller.token));
  if (attempt.jobId !== jobId && !(await access.mayRead(attempt, jobId))) {
    throw new HttpProblem('forbidden', 'the token of an attempt reads its own job and those it depends on');
  }
}

/** Which attempt a call writes to: that of its token, else the named one, else the current one. */
export async function admitWriter(
  access: AttemptAccess,
  caller: Caller,
  jobId: string,
  attempt: number | undefined,
): Promise<WritableAttempt> {
  if (caller.kind !== 'job') {
    return { attempt: HttpProblem.orThrow(await access.resolveAttempt(jobId, attempt)), headers: {} };
  }
  const own = HttpProblem.orThrow(await access.authorizeAttempt(caller.token, { jobId, attempt }));
  return { attempt: own.attempt, headers: cancelHeader(own.cancelRequested) };
}

/** Tells a worker with any answer that the attempt is to end. */
export const cancelHeader = (cancelRequested: boolean): Readonly<Record<string, string>> =>
  cancelRequested ? { 'xx-job-cancel': '1' } : {};

/** The caller of a route that needs a token. */
export function tokenHolder(caller: Caller): TokenHolder {
  if (caller.kind === 'public') throw new Error('a public route has no caller');
  return caller;
}

/** The principal of a caller of a route that needs a token. */
export const principal = (caller: Caller): Principal => principalOf(tokenHolder(caller));
