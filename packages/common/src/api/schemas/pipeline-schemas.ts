import { z } from 'zod';
import type { PlayVariable } from '../../execution/JobExecution.ts';
import type { ShownPipelineExecution, SourceInfo } from '../../execution/PipelineExecution.ts';
import type { StageExecution } from '../../execution/StageExecution.ts';
import { limits } from '../../limits.ts';
import type { SnapshotFile } from '../../sources/snapshot-text.ts';
import { contract } from './contract.ts';
import { callerActionSchema, jobExecutionSchema, principalSchema, statusSchema } from './job-schemas.ts';
import { planSchema } from './plan-schema.ts';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** One file of a snapshot: content by digest, or a link. */
export const snapshotFileSchema = contract<SnapshotFile>()(
  z.union([
    z.object({
      path: z.string().min(1).max(limits.path),
      sha256,
      size: z.int().min(0),
      /** The owner may execute it. */
      executable: z.boolean(),
    }),
    z.object({ path: z.string().min(1).max(limits.path), link: z.string().min(1).max(limits.path) }),
  ]),
);

/** A whole tree: its id is the digest of its canonical JSON, so the same tree is stored once. */
export const snapshotSchema = z.object({ files: z.array(snapshotFileSchema).max(500_000) });

/** Where an execution's files come from. */
export const sourceSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('empty') }),
  z.object({ kind: z.literal('snapshot'), id: sha256 }),
  z.object({
    kind: z.literal('git'),
    url: z.string().min(1).max(limits.url),
    commit: z.string().regex(/^[0-9a-f]{40,64}$/),
  }),
]);

/** What an execution ran on, for records: see `SourceInfo`. */
export const sourceInfoSchema = contract<SourceInfo>()(
  z.object({
    repository: z.string().min(1).max(limits.url),
    branch: z.string().max(limits.name).nullable(),
    commit: z.string().max(64).nullable(),
    dirty: z.boolean(),
  }),
);

/** A variable given for the whole pipeline. */
export const pipelineVariableSchema = contract<PlayVariable>()(
  z.object({
    name: z.string().min(1).max(255),
    value: z.string().max(limits.text),
    secret: z.boolean().exactOptional(),
    raw: z.boolean().exactOptional(),
  }),
);

/** `POST /api/pipelines/executions`. */
export const createExecutionSchema = z.object({
  /** The pipeline's name, variables expanded. */
  pipeline: z.string().min(1).max(255),
  plan: planSchema,
  source: sourceSchema.default({ kind: 'empty' }),
  sourceInfo: sourceInfoSchema.default({ repository: 'api', branch: null, commit: null, dirty: false }),
  /** `CI_*` facts of commit, project and pipeline. */
  predefined: z.record(z.string().min(1).max(limits.name), z.string().max(limits.text)).default({}),
  variables: z.array(pipelineVariableSchema).default([]),
  trigger: z.string().max(64).default('api'),
  /** Manual jobs that start by themselves, as if a person had played them. */
  playedJobs: z.array(z.string().max(limits.name)).max(10_000).default([]),
});

/** The record of a stage: see `StageExecution`. */
export const stageExecutionSchema = contract<StageExecution>()(
  z.object({
    name: z.string(),
    status: statusSchema,
    warnings: z.boolean(),
    startedAt: z.string().nullable(),
    completedAt: z.string().nullable(),
  }),
);

/** The record of a run: see `PipelineExecution`. */
export const pipelineExecutionSchema = contract<ShownPipelineExecution>()(
  z.object({
    id: z.uuid(),
    pipeline: z.string(),
    source: sourceInfoSchema,
    runNumber: z.int(),
    trigger: z.string(),
    status: statusSchema,
    warnings: z.boolean(),
    reason: z.string().nullable(),
    // Absent in the answers of a backend of an earlier version, as far as `default`.
    createdBy: principalSchema.nullable().default(null),
    cancellation: callerActionSchema.nullable().default(null),
    lastRetry: callerActionSchema.nullable().default(null),
    createdAt: z.string(),
    startedAt: z.string().nullable(),
    completedAt: z.string().nullable(),
    stages: z.array(stageExecutionSchema),
    jobs: z.array(jobExecutionSchema),
  }),
);

/** A run in a list: the record without stages and jobs. */
export const executionSummarySchema = pipelineExecutionSchema.omit({ stages: true, jobs: true });
