import { z } from 'zod';
import {
  dependencyStateSchema,
  jobExecutionSchema,
  jobStatusUpdateSchema,
  statusSchema,
  upcomingJobSchema,
} from '../schemas/job-schemas.ts';
import { pipelineVariableSchema } from '../schemas/pipeline-schemas.ts';
import type { Route } from './Route.ts';
import { jobParams, MiB } from './route-parts.ts';

/** Jobs: their records, and what workers and people do about them. */
export const jobRoutes = {
  getJob: {
    method: 'GET',
    path: '/api/jobs/{jobId}',
    summary: 'The record of a job with all its attempts',
    access: ['person', 'worker', 'job'],
    params: jobParams,
    responses: { 200: jobExecutionSchema.extend({ pipelineExecutionId: z.uuid() }) },
  },
  getJobDependencies: {
    method: 'GET',
    path: '/api/jobs/{jobId}/dependencies',
    summary: 'How far the jobs are that this one waits for',
    access: ['person', 'worker', 'job'],
    params: jobParams,
    responses: { 200: z.object({ dependencies: z.array(dependencyStateSchema) }) },
  },
  getUpcomingJobs: {
    method: 'GET',
    path: '/api/jobs/{jobId}/upcoming',
    summary:
      'Jobs of the same run that are likely to follow: a worker may have their containers ready before their turn',
    access: ['worker', 'job'],
    params: jobParams,
    query: z.object({ limit: z.coerce.number().int().min(1).max(32).default(4) }),
    responses: { 200: z.object({ jobs: z.array(upcomingJobSchema) }) },
  },
  getJobStatus: {
    method: 'GET',
    path: '/api/jobs/{jobId}/status',
    summary: 'The status of a job',
    access: ['person', 'worker', 'job'],
    params: jobParams,
    responses: { 200: z.object({ jobId: z.uuid(), status: statusSchema, attempt: z.int() }) },
  },
  updateJobStatus: {
    method: 'POST',
    path: '/api/job/status',
    summary: 'Tell what has become of a job; the same update twice is one',
    access: ['person', 'worker', 'job'],
    body: jobStatusUpdateSchema,
    // A million characters of log at six bytes each, escaped.
    bodyLimit: 8 * MiB,
    responses: { 200: z.object({ jobId: z.uuid(), status: statusSchema }) },
    problems: { 404: 'no such job', 409: 'the attempt is not the current one, or the change is not possible' },
  },
  playJob: {
    method: 'POST',
    path: '/api/jobs/{jobId}/play',
    summary: 'Start a manual job',
    access: ['person'],
    params: jobParams,
    body: z.object({ variables: z.array(pipelineVariableSchema).default([]) }).default({ variables: [] }),
    responses: { 200: jobExecutionSchema },
    problems: { 409: 'it does not wait for a person' },
  },
  retryJob: {
    method: 'POST',
    path: '/api/jobs/{jobId}/retry',
    summary: 'Run a finished job again; earlier attempts are kept, what was skipped because of it runs too',
    access: ['person'],
    params: jobParams,
    responses: { 200: jobExecutionSchema },
    problems: { 409: 'it is not finished' },
  },
  cancelJob: {
    method: 'POST',
    path: '/api/jobs/{jobId}/cancel',
    summary: 'Cancel one job',
    access: ['person'],
    params: jobParams,
    responses: { 202: jobExecutionSchema },
  },
} as const satisfies Record<string, Route>;
