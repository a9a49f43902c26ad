import { z } from 'zod';
import { failureReasons } from '../execution/FailureReason.ts';

const text = z.string().max(1_000_000);
const name = z.string().min(1).max(1024);

/** Every status of a pipeline, stage or job. */
export const statusSchema = z.enum([
  'CREATED',
  'PENDING',
  'RUNNING',
  'SUCCESS',
  'FAILED',
  'CANCELED',
  'SKIPPED',
  'MANUAL',
]);

const imageSchema = z.union([
  name,
  z.object({
    name,
    entrypoint: z.array(text).optional(),
    pullPolicy: z.array(z.enum(['always', 'if-not-present', 'never'])).optional(),
    user: z.string().optional(),
    platform: z.string().optional(),
  }),
]);

const sourceSchema = z.union([
  z.object({ kind: z.literal('empty') }),
  z.object({ kind: z.literal('tree'), key: z.string().max(2048) }),
]);

/** `POST /api/job/execute`: see `JobRequest`. */
export const jobRequestSchema = z.object({
  jobId: z.uuid(),
  jobName: name,
  stageName: name,
  image: imageSchema,
  script: z.array(text),
  afterScript: z.array(text).optional(),
  pipelineExecutionId: z.uuid().optional(),
  attempt: z.int().min(1).optional(),
  token: z.string().max(256).optional(),
  variables: z.array(z.object({ name, value: text, secret: z.boolean().optional() })).optional(),
  needs: z
    .array(z.object({ jobId: z.uuid(), jobName: name, artifacts: z.boolean(), mustSucceed: z.boolean().optional() }))
    .optional(),
  artifacts: z
    .object({
      name,
      paths: z.array(z.string()),
      exclude: z.array(z.string()),
      when: z.enum(['on_success', 'on_failure', 'always']),
    })
    .optional(),
  timeout: z.number().positive().optional(),
  dependencyTimeout: z.number().positive().optional(),
  allowFailure: z.boolean().optional(),
  source: sourceSchema.optional(),
});

/** One of `GET /api/jobs/{jobId}/upcoming`: see `UpcomingJob`. */
export const upcomingJobSchema = z.object({
  jobId: z.uuid(),
  jobName: name,
  pipelineExecutionId: z.uuid(),
  attempt: z.int().min(1),
  image: imageSchema,
  source: sourceSchema,
  after: z.array(z.uuid()),
});

/** Milliseconds per phase: see `PhaseTimings`. */
export const timingsSchema = z.object({
  queue: z.number().min(0),
  pull: z.number().min(0),
  prepare: z.number().min(0),
  script: z.number().min(0),
  artifacts: z.number().min(0),
});

/** A stored archive: see `ArtifactRef`. */
export const artifactRefSchema = z.object({
  name: z.string(),
  path: z.string(),
  size: z.int().min(0),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

/** `POST /api/job/status`: see `JobStatusUpdate`. */
export const jobStatusUpdateSchema = z.object({
  jobId: z.uuid(),
  status: statusSchema,
  logs: text.optional(),
  /** Whole log frames, base64, whose first payload byte has this offset: stored before the status, as by `appendLog` (416). */
  log: z.object({ offset: z.int().min(0), frames: z.string().max(500_000) }).optional(),
  exitCode: z.int().optional(),
  failureReason: z.enum(failureReasons).optional(),
  failureMessage: z.string().max(10_000).optional(),
  attempt: z.int().min(1).optional(),
  token: z.string().max(256).optional(),
  timings: timingsSchema.optional(),
  /** The image as used. */
  image: z.string().max(2048).optional(),
});

/** One try at a job: see `JobAttempt`. */
export const jobAttemptSchema = z.object({
  number: z.int(),
  status: statusSchema,
  failureReason: z.enum(failureReasons).nullable(),
  failureMessage: z.string().nullable(),
  exitCode: z.int().nullable(),
  startedAt: z.string().nullable(),
  completedAt: z.string().nullable(),
  timings: timingsSchema,
  artifacts: z.array(artifactRefSchema),
  log: z.string().nullable(),
});

/** The record of a job: see `JobExecution`. */
export const jobExecutionSchema = z.object({
  id: z.uuid(),
  name: z.string(),
  stage: z.string(),
  status: statusSchema,
  allowFailure: z.boolean(),
  waitingReason: z.string().nullable(),
  image: z.string(),
  eligibleAt: z.string().nullable(),
  /** Absent in the answers of a backend of an earlier version. */
  notBefore: z.string().nullable().default(null),
  attempts: z.array(jobAttemptSchema),
});

/** Where a needed job stands. */
export const dependencyStateSchema = z.object({
  jobId: z.uuid(),
  jobName: z.string(),
  status: statusSchema,
  allowFailure: z.boolean(),
});

/**
 * Event `log` of `followLog`: a stretch of a log with one origin, its bytes as `text`, or as `base64` where they are no
 * whole UTF-8 text. The event's id is the offset behind them. Event `end` (data `{}`): the attempt is over and nothing
 * more will come.
 */
export const logEventSchema = z.object({
  /** Of the first byte. */
  offset: z.int().min(0),
  stream: z.enum(['stdout', 'stderr', 'runner']),
  at: z.int(),
  text: z.string().optional(),
  base64: z.string().optional(),
});
