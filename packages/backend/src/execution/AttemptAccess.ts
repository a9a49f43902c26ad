import { type Result, success } from '@xx-pipeline/common';
import { type Problem, refused } from '@xx-pipeline/common/api';
import { hashToken } from '@xx-pipeline/service';
import { parseAttemptToken } from './attempt-token.ts';
import { currentAttempt } from './decide-update.ts';
import { dependsOn } from './dependencies-of.ts';
import type { ExecutionChanges } from './ExecutionChanges.ts';

/** An attempt whose token was shown. */
export interface AuthorizedAttempt {
  readonly executionId: string;
  readonly jobId: string;
  readonly attempt: number;
  /** The worker is to end it: every answer says so (header `XX-Job-Cancel: 1`). */
  readonly cancelRequested: boolean;
}

/** Decides what the token of an attempt may read and write. */
export class AttemptAccess {
  readonly #changes: ExecutionChanges;

  constructor(changes: ExecutionChanges) {
    this.#changes = changes;
  }

  /**
   * Checks that a token is that of the current attempt of the job it names (`stale_attempt` when there is a later one).
   * Routes about one job give its id (and the attempt named in the query): another job is `forbidden`.
   */
  async authorizeAttempt(
    token: string,
    claim: { readonly jobId?: string; readonly attempt?: number | undefined } = {},
  ): Promise<Result<AuthorizedAttempt, Problem>> {
    const named = parseAttemptToken(token);
    if (named === null) return refused('unauthorized', 'the token is not one of an attempt');
    if (claim.jobId !== undefined && claim.jobId !== named.jobId) {
      return refused('forbidden', 'the token is that of another job');
    }
    if (claim.attempt !== undefined && claim.attempt !== named.attempt) {
      return refused('stale_attempt', `the token is that of attempt ${named.attempt}, not of ${claim.attempt}`);
    }
    const draft = await this.#changes.read({ jobId: named.jobId });
    const assignment = draft?.assignments.get(named.jobId);
    if (draft === null || assignment?.attempt !== named.attempt || assignment.tokenHash !== hashToken(token)) {
      return refused('stale_attempt', `attempt ${named.attempt} is not the current one, or the token is not its own`);
    }
    return success({ ...named, executionId: draft.head.id, cancelRequested: assignment.cancelRequested });
  }

  /** Whether an attempt may read the artifacts and state of another job: its own, or one its job depends on. */
  async mayRead(attempt: AuthorizedAttempt, jobId: string): Promise<boolean> {
    if (attempt.jobId === jobId) return true;
    const draft = await this.#changes.read({ executionId: attempt.executionId });
    return draft !== null && dependsOn(draft, attempt.jobId, jobId);
  }

  /**
   * The attempt that a call without a token means: the named one if it exists, otherwise the current one. If the job is
   * to be retried, the current one is the next attempt, and the `latest` the one before.
   */
  async resolveAttempt(
    jobId: string,
    attempt: number | undefined,
    which: 'current' | 'latest' = 'current',
  ): Promise<Result<number, Problem>> {
    const draft = await this.#changes.read({ jobId });
    if (draft === null) return refused('not_found', `there is no job ${jobId}`);
    const job = draft.job(jobId);
    const current = currentAttempt({ job, assignment: draft.assignments.get(jobId) });
    if (attempt === undefined) {
      const latest = job.status === 'RUNNING' ? current : (job.attempts.at(-1)?.number ?? current);
      return success(which === 'latest' ? latest : current);
    }
    if (attempt === current || job.attempts.some(({ number }) => number === attempt)) return success(attempt);
    return refused('not_found', `job "${job.name}" has no attempt ${attempt}`);
  }
}
