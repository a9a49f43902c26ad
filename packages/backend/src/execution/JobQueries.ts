import type { DependencyState, ExecutionStatus, JobExecution, Result, UpcomingJob } from '@xx-pipeline/common';
import { success } from '@xx-pipeline/common';
import { type Problem, refused } from '@xx-pipeline/common/api';
import { likelyJobs } from '@xx-pipeline/pipeline-language';
import { dependenciesOf } from './dependencies-of.ts';
import type { ExecutionChanges } from './ExecutionChanges.ts';
import { type ExecutionDraft, shownJob } from './ExecutionDraft.ts';
import { makeUnassignedRequest, type RequestSurroundings } from './make-job-request.ts';

/** The reading side of jobs. */
export class JobQueries {
  readonly #changes: ExecutionChanges;
  readonly #around: RequestSurroundings;

  constructor(changes: ExecutionChanges, around: RequestSurroundings) {
    this.#changes = changes;
    this.#around = around;
  }

  /** The record of a job. */
  getJob(jobId: string): Promise<Result<JobExecution & { readonly pipelineExecutionId: string }, Problem>> {
    return this.#read(jobId, (draft) => ({ ...shownJob(draft.job(jobId)), pipelineExecutionId: draft.head.id }));
  }

  /** Its status and the number of its current attempt (0 before the first). */
  getStatus(
    jobId: string,
  ): Promise<Result<{ readonly jobId: string; readonly status: ExecutionStatus; readonly attempt: number }, Problem>> {
    return this.#read(jobId, (draft) => {
      const job = draft.job(jobId);
      const attempt = draft.assignments.get(jobId)?.attempt ?? job.attempts.at(-1)?.number ?? 0;
      return { jobId, status: job.status, attempt };
    });
  }

  /** The states of the jobs that this one waits for. */
  getDependencies(jobId: string): Promise<Result<DependencyState[], Problem>> {
    return this.#read(jobId, (draft) => dependenciesOf(draft, draft.job(jobId), this.#around));
  }

  /** Jobs of the same run that are likely to follow. */
  getUpcoming(jobId: string, limit: number): Promise<Result<UpcomingJob[], Problem>> {
    return this.#read(jobId, (draft) => upcomingJobsOf(draft, limit, this.#around));
  }

  async #read<T>(jobId: string, read: (draft: ExecutionDraft) => T): Promise<Result<T, Problem>> {
    const draft = await this.#changes.read({ jobId });
    return draft === null ? refused('not_found', `there is no job ${jobId}`) : success(read(draft));
  }
}

/**
 * The next jobs of a run whose turn has not come yet, with what their containers would be made from as far as it is
 * known now. None of a run that is ending.
 */
function upcomingJobsOf(draft: ExecutionDraft, limit: number, around: RequestSurroundings): UpcomingJob[] {
  if (draft.isEnding) return [];
  const { head, index, jobs } = draft;
  return likelyJobs(index, jobs, limit).flatMap(({ number, after }): UpcomingJob[] => {
    const job = jobs[number];
    if (job === undefined) return [];
    const attempt = job.attempts.length + 1;
    const request = makeUnassignedRequest(draft, job, attempt, around);
    if (!request.ok) return [];
    const { jobId, jobName, image, source } = request.value;
    const afterIds = after.flatMap((before) => jobs[before]?.id ?? []);
    return [{ jobId, jobName, pipelineExecutionId: head.id, attempt, image, source, after: afterIds }];
  });
}
