import { z } from 'zod';
import {
  heartbeatAnswerSchema,
  heartbeatSchema,
  pollAnswerSchema,
  pollSchema,
  registeredWorkerSchema,
  registerWorkerSchema,
  reserveExecutionSchema,
  workerSchema,
} from '../schemas/worker-schemas.ts';
import type { Route } from './Route.ts';
import { executionParams, MiB } from './route-parts.ts';

/** Workers, as the backend knows them. A worker has an API of its own: `workerRoutes`. */
export const fleetRoutes = {
  registerWorker: {
    method: 'POST',
    path: '/api/workers/register',
    summary: 'A worker says who it is and what it can take',
    access: ['worker'],
    body: registerWorkerSchema,
    responses: { 200: registeredWorkerSchema },
    problems: { 409: 'another live process has this identity' },
  },
  heartbeat: {
    method: 'POST',
    path: '/api/workers/heartbeat',
    summary: 'A worker is alive and holds these attempts: their leases are renewed',
    access: ['worker'],
    body: heartbeatSchema,
    bodyLimit: 4 * MiB,
    responses: { 200: heartbeatAnswerSchema },
    problems: { 404: 'not registered', 409: 'another live process has this identity' },
  },
  pollJobs: {
    method: 'POST',
    path: '/api/workers/poll',
    summary: 'Wait for jobs, for workers that cannot be reached',
    access: ['worker'],
    body: pollSchema,
    responses: { 200: pollAnswerSchema },
    problems: { 404: 'not registered', 409: 'another live process has this identity' },
  },
  reserveExecution: {
    method: 'POST',
    path: '/api/pipelines/executions/{id}/reserve',
    summary: 'A worker takes a run for itself: no other worker gets another job of it while this one lives',
    access: ['worker'],
    params: executionParams,
    body: reserveExecutionSchema,
    responses: { 200: z.object({ pipelineExecutionId: z.uuid(), jobs: z.int() }) },
    problems: {
      404: 'no such run, or the worker is not registered',
      409: 'the run has ended, or the worker is draining',
    },
  },
  drainWorker: {
    method: 'POST',
    path: '/api/workers/{workerId}/drain',
    summary: 'Give a worker no more jobs',
    access: ['person', 'worker'],
    params: z.object({ workerId: z.uuid() }),
    responses: { 200: workerSchema },
  },
  listWorkers: {
    method: 'GET',
    path: '/api/workers',
    summary: 'All workers and how busy they are',
    access: ['person'],
    responses: { 200: z.object({ workers: z.array(workerSchema) }) },
  },
} as const satisfies Record<string, Route>;
