import { z } from 'zod';
import type { ArtifactRef } from '../../artifacts/ArtifactRef.ts';
import { ExecutionStatus } from '../../execution/ExecutionStatus.ts';
import { type FailureReason, failureReasons } from '../../execution/FailureReason.ts';
import type { JobAction, JobAttempt, PhaseTimings, ShownJobExecution } from '../../execution/JobExecution.ts';
import { type CallerAction, type Principal, tokenRoles } from '../../execution/Principal.ts';
import type { DependencyState } from '../../jobs/DependencyState.ts';
import type { JobRequest, SourceRequest } from '../../jobs/JobRequest.ts';
import type { JobStatusUpdate } from '../../jobs/JobStatusUpdate.ts';
import type { UpcomingJob } from '../../jobs/UpcomingJob.ts';
import { limits } from '../../limits.ts';
import type { ImagePlan } from '../../plan/JobPlan.ts';
import { contract } from './contract.ts';

const text = z.string().max(limits.text);
const name = z.string().min(1).max(limits.name);

/** Every status of a pipeline, stage or job. */
export const statusSchema = contract<ExecutionStatus>()(z.enum(ExecutionStatus));

/** Every reason of a failure. */
export const failureReasonSchema = contract<FailureReason>()(z.enum(failureReasons));

/** An image with its details: see `ImagePlan`. */
export const imageSchema = contract<ImagePlan>()(
  z.object({
    name: z.string().min(1).max(limits.image),
    entrypoint: z.array(z.string().max(limits.argument)).max(limits.arguments).exactOptional(),
    pullPolicy: z
      .array(z.enum(['always', 'if-not-present', 'never']))
      .max(10)
      .exactOptional(),
    user: z.string().max(limits.word).exactOptional(),
    platform: z.string().max(limits.word).exactOptional(),
  }),
);

/** An image, or its name alone as people write it. */
export const namedImageSchema = z.union([
  z
    .string()
    .min(1)
    .max(limits.image)
    .transform((name): z.output<typeof imageSchema> => ({ name })),
  imageSchema,
]);

const sourceSchema = contract<SourceRequest>()(
  z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('empty') }),
    z.object({ kind: z.literal('tree'), key: z.string().max(limits.sourceKey) }),
  ]),
);

/** `POST /api/job/execute`: see `JobRequest`. */
export const jobRequestSchema = contract<JobRequest>()(
  z.object({
    jobId: z.uuid(),
    jobName: name,
    stageName: name,
    image: namedImageSchema,
    script: z.array(text),
    afterScript: z.array(text).exactOptional(),
    pipelineExecutionId: z.uuid().exactOptional(),
    attempt: z.int().min(1).default(1),
    token: z.string().max(256).exactOptional(),
    variables: z.array(z.object({ name, value: text, secret: z.boolean().exactOptional() })).exactOptional(),
    needs: z
      .array(
        z.object({ jobId: z.uuid(), jobName: name, artifacts: z.boolean(), mustSucceed: z.boolean().exactOptional() }),
      )
      .exactOptional(),
    artifacts: z
      .object({
        name: z.string().min(1).max(limits.path),
        paths: z.array(z.string()),
        exclude: z.array(z.string()),
        when: z.enum(['on_success', 'on_failure', 'always']),
      })
      .exactOptional(),
    timeout: z.number().positive().exactOptional(),
    dependencyTimeout: z.number().positive().exactOptional(),
    allowFailure: z.boolean().exactOptional(),
    source: sourceSchema.default({ kind: 'empty' }),
  }),
);

/** One of `GET /api/jobs/{jobId}/upcoming`: see `UpcomingJob`. */
export const upcomingJobSchema = contract<UpcomingJob>()(
  z.object({
    jobId: z.uuid(),
    jobName: name,
    pipelineExecutionId: z.uuid(),
    attempt: z.int().min(1),
    image: namedImageSchema,
    source: sourceSchema,
    after: z.array(z.uuid()),
  }),
);

/** Milliseconds per phase: see `PhaseTimings`. */
export const timingsSchema = contract<PhaseTimings>()(
  z.object({
    queue: z.number().min(0),
    pull: z.number().min(0),
    prepare: z.number().min(0),
    script: z.number().min(0),
    artifacts: z.number().min(0),
  }),
);

/** A stored archive: see `ArtifactRef`. */
export const artifactRefSchema = contract<ArtifactRef>()(
  z.object({
    name: z.string(),
    path: z.string(),
    size: z.int().min(0),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
  }),
);

/** `POST /api/job/status`: see `JobStatusUpdate`. */
export const jobStatusUpdateSchema = contract<JobStatusUpdate>()(
  z.object({
    jobId: z.uuid(),
    status: statusSchema,
    logs: z.string().max(limits.updateLog).exactOptional(),
    /** Whole log frames, base64, whose first payload byte has this offset: stored before the status, as by `appendLog` (416). */
    log: z.object({ offset: z.int().min(0), frames: z.string().max(500_000) }).exactOptional(),
    exitCode: z.int().exactOptional(),
    failureReason: failureReasonSchema.exactOptional(),
    failureMessage: z.string().max(10_000).exactOptional(),
    attempt: z.int().min(1).exactOptional(),
    token: z.string().max(256).exactOptional(),
    timings: timingsSchema.exactOptional(),
    /** The image as used. */
    image: z.string().max(limits.image).exactOptional(),
  }),
);

/** A caller: see `Principal`. */
export const principalSchema = contract<Principal>()(
  z.discriminatedUnion('kind', [
    z.object({ kind: z.enum(tokenRoles), name: z.string() }),
    z.object({ kind: z.literal('job'), jobId: z.uuid(), attempt: z.int().min(1) }),
  ]),
);

const callerActionFields = { by: principalSchema.nullable(), at: z.string() };

/** See `CallerAction`. */
export const callerActionSchema = contract<CallerAction>()(z.object(callerActionFields));

/** One try at a job: see `JobAttempt`. */
export const jobAttemptSchema = contract<JobAttempt>()(
  z.object({
    number: z.int(),
    status: statusSchema,
    failureReason: failureReasonSchema.nullable(),
    failureMessage: z.string().nullable(),
    exitCode: z.int().nullable(),
    startedAt: z.string().nullable(),
    completedAt: z.string().nullable(),
    timings: timingsSchema,
    artifacts: z.array(artifactRefSchema),
    log: z.string().nullable(),
  }),
);

/** The record of a job: see `JobExecution`. */
export const jobExecutionSchema = contract<ShownJobExecution>()(
  z.object({
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
    lastAction: contract<JobAction>()(
      z.object({ ...callerActionFields, kind: z.enum(['play', 'retry', 'cancel', 'skip']) }),
    )
      .nullable()
      .default(null),
    attempts: z.array(jobAttemptSchema),
  }),
);

/** Where a needed job stands. */
export const dependencyStateSchema = contract<DependencyState>()(
  z.object({
    jobId: z.uuid(),
    jobName: z.string(),
    status: statusSchema,
    allowFailure: z.boolean(),
  }),
);

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
  /** Which line of the runner this is (`LogChunk.mark`); servers before marks (0.1.0) leave it out. */
  mark: z.int().min(1).max(255).exactOptional(),
  text: z.string().exactOptional(),
  base64: z.string().exactOptional(),
});
