import { failedOutcome, isTerminal } from '@xx-pipeline/common';
import type { ExecutionServices } from '../execution/create-execution-services.ts';
import { concludeAttempt } from '../execution/draft-steps.ts';
import type { ExecutionDraft } from '../execution/ExecutionDraft.ts';
import type { ExecutionStore } from '../store/ExecutionStore.ts';

const defaultTimeout = 3600;
/** Time beyond its timeout in which an attempt may still pull, wait and report, ms. */
const graceMs = 3_600_000;

/**
 * Checks every live run for what no other part would ever do:
 *
 * - something is due and was not done: never found, unless an earlier release has left it behind;
 * - an attempt runs that no worker holds (a person or a worker without token began it) and no result was reported.
 *
 * Returns how many runs were changed.
 */
export async function watchExecutions(
  store: ExecutionStore,
  { changes, stages }: Pick<ExecutionServices, 'changes' | 'stages'>,
  signal: AbortSignal,
): Promise<number> {
  let moved = 0;
  for (const id of await store.liveExecutions()) {
    if (signal.aborted) break;
    const changed = await changes.change(id, (draft) => {
      if (isTerminal(draft.head.status)) return false;
      const before = draft.execution;
      for (const jobId of forgottenJobs(draft)) {
        const artifacts = draft.job(jobId).attempts.at(-1)?.artifacts;
        concludeAttempt(draft, jobId, failedOutcome('timeout', 'no result was reported in time', artifacts));
      }
      stages.finalizeStageExecution(draft);
      return draft.execution !== before;
    });
    if (changed?.result === true) moved++;
  }
  return moved;
}

function forgottenJobs(draft: ExecutionDraft): string[] {
  return draft.jobs.flatMap((job) => {
    if (job.status !== 'RUNNING' || draft.assignments.has(job.id)) return [];
    const { startedAt = null } = job.attempts.at(-1) ?? {};
    const timeout = (draft.planOf(job).timeout ?? defaultTimeout) * 1000;
    const isOverdue = startedAt !== null && draft.now > Date.parse(startedAt) + timeout + graceMs;
    return isOverdue ? [job.id] : [];
  });
}
