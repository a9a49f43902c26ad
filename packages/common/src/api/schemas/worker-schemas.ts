import { z } from 'zod';
import { jobRequestSchema } from './job-schemas.ts';

/** What a worker tells about itself when it registers. */
export const registerWorkerSchema = z.object({
  /** Stable across restarts of the same worker (kept in its state directory). */
  workerId: z.uuid(),
  /** New at every start: tells two processes with one identity apart. */
  instanceId: z.uuid(),
  /**
   * The instance before a restart, named where it has certainly ended. Where it is the one that is registered,
   * the new instance takes over at once, with all its attempts; the old one, if it still lives, is refused from then on.
   */
  previousInstanceId: z.uuid().exactOptional(),
  name: z.string().min(1).max(255),
  /** Where jobs are pushed to; absent = it polls. */
  url: z.url().exactOptional(),
  /** What the backend shows as bearer when it calls the worker's API; new at each start, so kept in memory or with the record. */
  pushToken: z.string().min(16).max(256).exactOptional(),
  slots: z.int().min(1).max(1000),
  labels: z.array(z.string().min(1).max(255)).max(100).default([]),
  version: z.string().max(64),
});

/** How a worker is to behave; the backend decides. */
export const registeredWorkerSchema = z.object({
  workerId: z.uuid(),
  heartbeatSeconds: z.number(),
  /** Seconds of silence after which its jobs are taken away. */
  leaseSeconds: z.number(),
  /** No other backend decides about its jobs: while nothing listens at this one's address, no lease runs out. */
  onlyBackend: z.boolean().default(false),
});

/** An attempt a worker holds. */
export const heldAttemptSchema = z.object({ jobId: z.uuid(), attempt: z.int().min(1), token: z.string() });

/** `POST /api/workers/heartbeat`: renews the leases of what is named. */
export const heartbeatSchema = z.object({
  workerId: z.uuid(),
  instanceId: z.uuid(),
  freeSlots: z.int().min(0),
  attempts: z.array(heldAttemptSchema).max(10_000),
});

/** What the worker must do about the attempts it named. */
export const heartbeatAnswerSchema = z.object({
  /** To be canceled: a person asked, or the pipeline was canceled. */
  cancel: z.array(z.object({ jobId: z.uuid(), attempt: z.int() })),
  /** No longer its own: to be killed, nothing more to be reported. */
  lost: z.array(z.object({ jobId: z.uuid(), attempt: z.int(), reason: z.string() })),
});

/** `POST /api/workers/poll`: waits up to `waitSeconds` for jobs. */
export const pollSchema = z.object({
  workerId: z.uuid(),
  instanceId: z.uuid(),
  freeSlots: z.int().min(0),
  waitSeconds: z.number().min(0).max(60).default(25),
});

/** What a poll comes to. */
export const pollAnswerSchema = z.object({
  jobs: z.array(jobRequestSchema),
  /** Something (a cancel) that the next heartbeat tells: it should come now. */
  heartbeat: z.boolean().default(false),
});

/** `POST /api/pipelines/executions/{id}/reserve`: who wants the run. */
export const reserveExecutionSchema = z.object({ workerId: z.uuid(), instanceId: z.uuid() });

/** A worker as people see it. */
export const workerSchema = z.object({
  id: z.uuid(),
  name: z.string(),
  url: z.string().nullable(),
  slots: z.int(),
  busy: z.int(),
  labels: z.array(z.string()),
  version: z.string(),
  state: z.enum(['online', 'draining', 'lost']),
  lastSeenAt: z.string(),
});

/** `GET /api/worker/config`. */
export const workerConfigSchema = z.object({
  workerId: z.uuid(),
  name: z.string(),
  version: z.string(),
  slots: z.int(),
  labels: z.array(z.string()),
  maxRetries: z.int(),
  retryDelaySeconds: z.number(),
  dependencyTimeoutSeconds: z.number(),
});

/** `GET /api/worker/health`. */
export const workerHealthSchema = z.object({
  status: z.enum(['ok', 'draining', 'failing']),
  running: z.int(),
  waiting: z.int(),
  undelivered: z.int(),
  engine: z.string(),
});
