import { z } from 'zod';
import { jobRequestSchema } from '../schemas/job-schemas.ts';
import { workerConfigSchema, workerHealthSchema } from '../schemas/worker-schemas.ts';
import type { Route } from './Route.ts';

/** A worker's API, one entry per operation. */
export const workerRoutes = {
  executeJob: {
    method: 'POST',
    path: '/api/job/execute',
    summary: 'Take a job; five fields are enough',
    access: ['worker'],
    body: jobRequestSchema,
    bodyLimit: 64 * 1024 * 1024,
    responses: {
      200: z.object({ jobId: z.uuid(), attempt: z.int(), state: z.literal('known') }),
      202: z.object({ jobId: z.uuid(), attempt: z.int(), state: z.literal('accepted') }),
    },
    problems: { 409: 'a newer attempt is known', 429: 'no free slot' },
  },
  executePipeline: {
    method: 'POST',
    path: '/api/pipeline/execute',
    summary: 'Fetch the jobs of a run from the backend and execute them here in dependency order',
    access: ['worker'],
    body: z.object({ pipelineExecutionId: z.uuid() }),
    responses: { 202: z.object({ pipelineExecutionId: z.uuid(), jobs: z.int() }) },
    problems: { 404: 'no such run', 409: 'the run has ended', 429: 'the worker accepts no more jobs' },
  },
  cancelJob: {
    method: 'POST',
    path: '/api/job/{jobId}/cancel',
    summary: 'Cancel a job of this worker',
    access: ['worker'],
    params: z.object({ jobId: z.uuid() }),
    body: z.object({ attempt: z.int().exactOptional() }).default({}),
    responses: { 202: z.object({ jobId: z.uuid() }) },
    problems: { 404: 'not running here' },
  },
  config: {
    method: 'GET',
    path: '/api/worker/config',
    summary: 'How this worker is set up',
    access: ['public'],
    responses: { 200: workerConfigSchema },
  },
  health: {
    method: 'GET',
    path: '/api/worker/health',
    summary: 'Whether this worker takes and runs jobs',
    access: ['public'],
    responses: { 200: workerHealthSchema },
  },
  openapi: {
    method: 'GET',
    path: '/openapi.json',
    summary: 'This description',
    access: ['public'],
    responses: { 200: z.unknown() },
  },
} as const satisfies Record<string, Route>;
