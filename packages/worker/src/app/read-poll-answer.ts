import type { JobRequest } from '@xx-pipeline/common';
import { backendRoutes, jobRequestSchema, pollAnswerSchema } from '@xx-pipeline/common/api';
import { z } from 'zod';

/** A job of a poll's answer whose request this worker cannot read, and why. */
export interface UnreadableJob {
  readonly jobId: string;
  readonly attempt: number;
  readonly token: string;
  readonly why: string;
}

/** A poll's answer, each job read on its own. */
export interface PolledJobs {
  readonly jobs: readonly JobRequest[];
  readonly unreadable: readonly UnreadableJob[];
  /** The worker should send its next heartbeat at once. */
  readonly heartbeat: boolean;
}

// Enough of a request to report on its attempt; the rest is read job by job.
const attemptSchema = z.looseObject({ jobId: z.uuid(), attempt: z.int().min(1), token: z.string() });
const answerSchema = pollAnswerSchema.extend({ jobs: z.array(attemptSchema) });

/** The backend's operations as a worker calls them: a job that it cannot read does not spoil a poll's whole answer. */
export const workerCalls = {
  ...backendRoutes,
  pollJobs: { ...backendRoutes.pollJobs, responses: { 200: answerSchema } },
} as const;

/** Separates the requests of an answer from the jobs that this worker cannot read. */
export function readPollAnswer({ jobs: given, heartbeat }: z.output<typeof answerSchema>): PolledJobs {
  const jobs: JobRequest[] = [];
  const unreadable: UnreadableJob[] = [];
  for (const job of given) {
    const read = jobRequestSchema.safeParse(job);
    if (read.success) jobs.push(read.data);
    else {
      const { jobId, attempt, token } = job;
      const [issue] = read.error.issues;
      unreadable.push({ jobId, attempt, token, why: `/${issue?.path.join('/') ?? ''}: ${issue?.message ?? ''}` });
    }
  }
  return { jobs, unreadable, heartbeat };
}
