import { failedOutcome } from '@xx-pipeline/common';
import { concludeAttempt, handBack } from '../execution/draft-steps.ts';
import type { ExecutionChanges } from '../execution/ExecutionChanges.ts';
import type { ExecutionDraft } from '../execution/ExecutionDraft.ts';
import type { LeaseTimes } from '../leases.ts';
import type { Assignment, ExecutionStore } from '../store/ExecutionStore.ts';

/** The parts of sweeping. */
export interface SweeperParts {
  readonly store: ExecutionStore;
  readonly changes: ExecutionChanges;
  readonly leases: LeaseTimes;
}

/**
 * Takes away attempts whose lease has run out:
 *
 *   never said to run --> the job waits for the next attempt, whatever its `retry` says: nothing of it has run
 *   running ------------> FAILED `worker_lost` --> another attempt, or not, as `retry` says
 *   to be canceled -----> CANCELED
 *
 * `listening` is the time in which heartbeats could be received, ms. Returns how many attempts were taken away.
 */
export async function sweepLeases(
  { store, changes, leases }: SweeperParts,
  now: number,
  listening: number,
): Promise<number> {
  if (listening < leases.acceptMs) return 0;
  let taken = 0;
  for (const { executionId, assignment } of await store.expiredAssignments(now)) {
    const changed = await changes.change(executionId, (draft) => {
      const current = draft.assignments.get(assignment.jobId);
      if (current === undefined || !isSame(current, assignment) || current.leaseUntil > now) return false;
      const wasTaken = current.accepted || draft.job(assignment.jobId).status === 'RUNNING';
      if (wasTaken && listening < leases.leaseMs) return false;
      takeAway(draft, current, leases);
      return true;
    });
    if (changed?.result === true) taken++;
  }
  return taken;
}

function takeAway(draft: ExecutionDraft, assignment: Assignment, { leaseMs }: LeaseTimes): void {
  const { jobId, workerId, cancelRequested } = assignment;
  draft.tellCancel(assignment);
  if (draft.job(jobId).status !== 'RUNNING') {
    handBack(draft, jobId, `worker ${workerId} did not accept the job in time`);
    return;
  }
  const message = `no heartbeat from worker ${workerId} for ${leaseMs / 1000} s`;
  const artifacts = draft.job(jobId).attempts.at(-1)?.artifacts;
  concludeAttempt(draft, jobId, failedOutcome(cancelRequested ? 'canceled' : 'worker_lost', message, artifacts));
}

export const isSame = (one: Assignment, other: Pick<Assignment, 'attempt' | 'tokenHash'>): boolean =>
  one.attempt === other.attempt && one.tokenHash === other.tokenHash;
