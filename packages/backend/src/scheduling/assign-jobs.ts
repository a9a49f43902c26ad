import { failedOutcome, type JobRequest } from '@xx-pipeline/common';
import { dueAt } from '@xx-pipeline/pipeline-language';
import { hashToken } from '@xx-pipeline/service';
import { newAttemptToken } from '../execution/attempt-token.ts';
import { currentAttempt } from '../execution/decide-update.ts';
import { concludeAttempt } from '../execution/draft-steps.ts';
import type { ExecutionDraft } from '../execution/ExecutionDraft.ts';
import { makeJobRequest, type RequestSurroundings } from '../execution/make-job-request.ts';
import type { Assignment } from '../store/ExecutionStore.ts';
import type { WorkerRecord } from '../store/WorkerStore.ts';

/** A job meant for a worker. */
export interface JobChoice {
  readonly jobId: string;
  readonly worker: Pick<WorkerRecord, 'id' | 'name' | 'version' | 'labels'>;
}

/** A job given to a worker. */
export interface AssignedJob {
  readonly executionId: string;
  readonly assignment: Assignment;
  readonly request: JobRequest;
}

/**
 * Gives pending jobs of one execution to workers, unless another change came first. A job that cannot even be requested
 * fails with `config_error`.
 */
export function assignJobs(
  draft: ExecutionDraft,
  choices: readonly JobChoice[],
  around: RequestSurroundings & { readonly acceptMs: number },
): AssignedJob[] {
  const assigned: AssignedJob[] = [];
  for (const { jobId, worker } of choices) {
    const job = draft.job(jobId);
    if (job.status !== 'PENDING' || draft.assignments.has(jobId) || dueAt(job) > draft.now) continue;
    const attempt = currentAttempt({ job, assignment: undefined });
    const token = newAttemptToken(jobId, attempt);
    const { id, name: description, version, labels: tags } = worker;
    const request = makeJobRequest(draft, { job, attempt, token, runner: { id, description, version, tags } }, around);
    if (!request.ok) {
      concludeAttempt(draft, jobId, failedOutcome('config_error', request.error.message));
      continue;
    }
    const assignment: Assignment = {
      jobId,
      attempt,
      workerId: id,
      tokenHash: hashToken(token),
      accepted: false,
      leaseUntil: draft.now + around.acceptMs,
      cancelRequested: false,
    };
    draft.assign(assignment);
    assigned.push({ executionId: draft.head.id, assignment, request: request.value });
  }
  return assigned;
}
