import { z } from 'zod';
import { statusSchema } from '../schemas/job-schemas.ts';
import { createExecutionSchema, executionSummarySchema, pipelineExecutionSchema } from '../schemas/pipeline-schemas.ts';
import { planSchema } from '../schemas/plan-schema.ts';
import { reportSchema } from '../schemas/report-schema.ts';
import type { Route } from './Route.ts';
import { executionParams, MiB } from './route-parts.ts';

const filters = z.object({
  repository: z.string().exactOptional(),
  pipeline: z.string().exactOptional(),
  run: z.coerce.number().int().exactOptional(),
  status: statusSchema.exactOptional(),
  limit: z.coerce.number().int().min(1).max(500).default(50),
  /** The `nextCursor` of the page before. */
  cursor: z
    .string()
    .regex(/^[\w-]{1,200}$/)
    .exactOptional(),
});

/** Runs of pipelines. */
export const pipelineRoutes = {
  createExecution: {
    method: 'POST',
    path: '/api/pipelines/executions',
    summary: 'Run a checked plan; with an Idempotency-Key header a repeat gives the first answer',
    access: ['person'],
    body: createExecutionSchema,
    bodyLimit: 64 * MiB,
    responses: { 201: pipelineExecutionSchema },
    problems: { 409: 'the snapshot is not complete' },
  },
  listExecutions: {
    method: 'GET',
    path: '/api/pipelines/executions',
    summary: 'Runs, newest first',
    access: ['person'],
    query: filters,
    responses: { 200: z.object({ executions: z.array(executionSummarySchema), nextCursor: z.string().nullable() }) },
  },
  getExecution: {
    method: 'GET',
    path: '/api/pipelines/executions/{id}',
    summary: 'A run with its stages and jobs',
    access: ['person', 'worker'],
    params: executionParams,
    responses: { 200: pipelineExecutionSchema },
  },
  getPlan: {
    method: 'GET',
    path: '/api/pipelines/executions/{id}/plan',
    summary: 'The plan of a run, variables not expanded',
    access: ['person', 'worker'],
    params: executionParams,
    responses: { 200: planSchema },
  },
  followExecution: {
    method: 'GET',
    path: '/api/pipelines/executions/{id}/events',
    summary: 'Changes of a run as server-sent events with ids; Last-Event-ID resumes',
    access: ['person'],
    params: executionParams,
    responses: { 200: 'events' },
  },
  cancelExecution: {
    method: 'POST',
    path: '/api/pipelines/executions/{id}/cancel',
    summary: 'Cancel a run: what has not started is canceled, running jobs are told to end',
    access: ['person'],
    params: executionParams,
    body: z.object({ reason: z.string().max(1000).exactOptional() }).default({}),
    responses: { 202: pipelineExecutionSchema },
  },
  retryExecution: {
    method: 'POST',
    path: '/api/pipelines/executions/{id}/retry',
    summary: 'Run the failed and canceled jobs of a run again, and what was skipped because of them',
    access: ['person'],
    params: executionParams,
    responses: { 200: pipelineExecutionSchema },
  },
  getReport: {
    method: 'GET',
    path: '/api/pipelines/executions/{id}/report',
    summary: 'The report of a run',
    access: ['person'],
    params: executionParams,
    responses: { 200: reportSchema },
  },
  listReports: {
    method: 'GET',
    path: '/api/reports',
    summary: 'Reports, newest first',
    access: ['person'],
    query: filters,
    responses: { 200: z.object({ reports: z.array(reportSchema), nextCursor: z.string().nullable() }) },
  },
} as const satisfies Record<string, Route>;
