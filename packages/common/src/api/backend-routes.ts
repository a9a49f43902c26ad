import { z } from 'zod';
import {
  dependencyStateSchema,
  jobExecutionSchema,
  jobStatusUpdateSchema,
  statusSchema,
  upcomingJobSchema,
} from './job-schemas.ts';
import {
  createExecutionSchema,
  executionSummarySchema,
  pipelineExecutionSchema,
  pipelineVariableSchema,
  snapshotSchema,
} from './pipeline-schemas.ts';
import type { Route } from './Route.ts';
import {
  heartbeatAnswerSchema,
  heartbeatSchema,
  pollAnswerSchema,
  pollSchema,
  registeredWorkerSchema,
  registerWorkerSchema,
  reserveExecutionSchema,
  workerSchema,
} from './worker-schemas.ts';

const MiB = 1024 * 1024;

const jobParams = z.object({ jobId: z.uuid() });
const executionParams = z.object({ id: z.uuid() });
const digestParams = z.object({ sha256: z.string().regex(/^[0-9a-f]{64}$/) });
// A name is never used as a path here; who downloads might.
const artifactName = z
  .string()
  .min(1)
  .max(255)
  .regex(
    /^(?![/\\])(?!(?:.*[/\\])?\.\.?(?:[/\\]|$))[^\p{Cc}]*$/u,
    'a name has no control characters, does not begin with a slash and has no . or .. between slashes',
  );
/** Which attempt a job's own call speaks for. */
const attemptQuery = z.object({ attempt: z.coerce.number().int().min(1).exactOptional() });
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

/** The backend's API, one entry per operation. */
export const backendRoutes = {
  // Jobs, for workers
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
  appendLog: {
    method: 'PATCH',
    path: '/api/jobs/{jobId}/log',
    summary: 'Append to a log at a byte offset; a repeat changes nothing, a gap is refused with the next offset',
    access: ['person', 'worker', 'job'],
    params: jobParams,
    query: attemptQuery.extend({ offset: z.coerce.number().int().min(0) }),
    body: 'bytes',
    bodyLimit: 256 * MiB,
    responses: { 200: z.object({ nextOffset: z.int() }) },
    problems: {
      409: 'the attempt is not the current one',
      416: 'bytes are missing before the offset: nextOffset tells where to go on',
    },
  },
  readLog: {
    method: 'GET',
    path: '/api/jobs/{jobId}/log',
    summary: "A log's bytes from an offset on, as they are",
    access: ['person', 'worker', 'job'],
    params: jobParams,
    query: attemptQuery.extend({
      offset: z.coerce.number().int().min(0).default(0),
      limit: z.coerce.number().int().min(1).exactOptional(),
    }),
    responses: { 200: 'bytes' },
  },
  followLog: {
    method: 'GET',
    path: '/api/jobs/{jobId}/log/events',
    summary: 'A log as server-sent events; the id of each is the byte offset behind it',
    access: ['person'],
    params: jobParams,
    query: attemptQuery.extend({ offset: z.coerce.number().int().min(0).default(0) }),
    responses: { 200: 'events' },
  },
  uploadArtifact: {
    method: 'POST',
    path: '/api/job/artifact/upload',
    summary: 'Store an artifact archive, whole or in parts by offset; done when size and digest fit',
    access: ['person', 'worker', 'job'],
    query: attemptQuery.extend({
      jobId: z.uuid(),
      name: artifactName,
      size: z.coerce.number().int().min(0),
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
      offset: z.coerce.number().int().min(0).default(0),
    }),
    body: 'bytes',
    bodyLimit: 8192 * MiB,
    responses: { 200: z.object({ complete: z.boolean(), nextOffset: z.int() }) },
    problems: {
      409: 'the attempt is not the current one',
      413: 'too large',
      416: 'bytes are missing before the offset',
      422: 'the digest does not fit',
    },
  },
  downloadArtifacts: {
    method: 'GET',
    path: '/api/jobs/{jobId}/artifacts',
    summary: "The archive of a job's last finished attempt (tar, zstd)",
    access: ['person', 'worker', 'job'],
    params: jobParams,
    query: attemptQuery,
    responses: { 200: 'bytes' },
    problems: { 404: 'it kept none' },
  },
  // Jobs, for people
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
  // Pipelines
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
    responses: { 200: z.unknown() },
  },
  listReports: {
    method: 'GET',
    path: '/api/reports',
    summary: 'Reports, newest first',
    access: ['person'],
    query: filters,
    responses: { 200: z.object({ reports: z.array(z.unknown()), nextCursor: z.string().nullable() }) },
  },
  // Sources
  offerSnapshot: {
    method: 'POST',
    path: '/api/snapshots',
    summary: 'Offer a tree; answers which contents are missing',
    access: ['person'],
    body: snapshotSchema,
    bodyLimit: 128 * MiB,
    responses: { 200: z.object({ id: z.string(), missing: z.array(z.string()) }) },
  },
  putBlob: {
    method: 'PUT',
    path: '/api/blobs/{sha256}',
    summary: 'Store a content; the digest is checked',
    access: ['person'],
    params: digestParams,
    body: 'bytes',
    bodyLimit: 2048 * MiB,
    responses: { 204: null },
    problems: { 413: 'too large', 422: 'the digest does not fit' },
  },
  putBlobs: {
    method: 'POST',
    path: '/api/blobs',
    summary: 'Store many short contents, each after its length (4 bytes, big-endian); answers their digests in order',
    access: ['person'],
    body: 'bytes',
    bodyLimit: 16 * MiB,
    responses: { 200: z.object({ digests: z.array(z.string()) }) },
    problems: { 413: 'too large' },
  },
  downloadSnapshot: {
    method: 'GET',
    path: '/api/snapshots/{sha256}/archive',
    summary: 'A tree as a tar stream',
    access: ['worker', 'person'],
    params: digestParams,
    responses: { 200: 'bytes' },
  },
  // Workers
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
    problems: { 404: 'no such run, or the worker is not registered', 409: 'the run is over, or the worker drains' },
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
  // The service itself
  version: {
    method: 'GET',
    path: '/api/version',
    summary: 'Version of the server',
    access: ['public'],
    responses: { 200: z.object({ version: z.string() }) },
  },
  alive: {
    method: 'GET',
    path: '/livez',
    summary: 'The process answers',
    access: ['public'],
    responses: { 200: z.object({ status: z.string() }) },
  },
  ready: {
    method: 'GET',
    path: '/readyz',
    summary: 'Database and stores answer',
    access: ['public'],
    responses: { 200: z.object({ status: z.string(), checks: z.record(z.string(), z.string()) }) },
    problems: { 503: 'something it needs does not answer' },
  },
  metrics: {
    method: 'GET',
    path: '/metrics',
    summary: 'Numbers for Prometheus',
    access: ['public'],
    responses: { 200: 'text' },
  },
  openapi: {
    method: 'GET',
    path: '/openapi.json',
    summary: 'This description',
    access: ['public'],
    responses: { 200: z.unknown() },
  },
} as const satisfies Record<string, Route>;
