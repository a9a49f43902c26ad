import type { UpcomingJob } from '@xx-pipeline/common';
import { likelyJobs } from '@xx-pipeline/pipeline-language';
import type { ExecutionDraft } from './ExecutionDraft.ts';
import { makeUnassignedRequest, type RequestSurroundings } from './make-job-request.ts';

/**
 * The next jobs of a run whose turn has not come yet, with what their containers would be made from as far as it is
 * known now. None of a run that is ending.
 */
export function upcomingJobsOf(draft: ExecutionDraft, limit: number, around: RequestSurroundings): UpcomingJob[] {
  if (draft.isEnding) return [];
  const { execution, index } = draft;
  return likelyJobs(index, execution.jobs, limit).flatMap(({ number, after }): UpcomingJob[] => {
    const job = execution.jobs[number];
    if (job === undefined) return [];
    const attempt = job.attempts.length + 1;
    const request = makeUnassignedRequest(draft, job, attempt, around);
    if (!request.ok) return [];
    const { jobId, jobName, image, source = { kind: 'empty' } } = request.value;
    const afterIds = after.flatMap((before) => execution.jobs[before]?.id ?? []);
    return [{ jobId, jobName, pipelineExecutionId: execution.id, attempt, image, source, after: afterIds }];
  });
}
