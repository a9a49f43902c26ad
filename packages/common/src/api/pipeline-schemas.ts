import { z } from 'zod';
import { jobExecutionSchema, statusSchema } from './job-schemas.ts';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** One file of a snapshot: content by digest, or a link. */
export const snapshotFileSchema = z.union([
  z.object({
    path: z.string().min(1).max(4096),
    sha256,
    size: z.int().min(0),
    /** The owner may execute it. */
    executable: z.boolean(),
  }),
  z.object({ path: z.string().min(1).max(4096), link: z.string().min(1).max(4096) }),
]);

/** A whole tree: its id is the digest of its canonical JSON, so the same tree is stored once. */
export const snapshotSchema = z.object({ files: z.array(snapshotFileSchema).max(500_000) });

/** Where an execution's files come from. */
export const sourceSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('empty') }),
  z.object({ kind: z.literal('snapshot'), id: sha256 }),
  z.object({ kind: z.literal('git'), url: z.string().min(1).max(2048), commit: z.string().regex(/^[0-9a-f]{40,64}$/) }),
]);

/** What an execution ran on, for records: see `SourceInfo`. */
export const sourceInfoSchema = z.object({
  repository: z.string().min(1).max(2048),
  branch: z.string().max(1024).nullable(),
  commit: z.string().max(64).nullable(),
  dirty: z.boolean(),
});

/** A variable given for the whole pipeline. */
export const pipelineVariableSchema = z.object({
  name: z.string().min(1).max(255),
  value: z.string().max(1_000_000),
  secret: z.boolean().optional(),
  raw: z.boolean().optional(),
});

/** `POST /api/pipelines/executions`. */
export const createExecutionSchema = z.object({
  /** The pipeline's name, variables expanded. */
  pipeline: z.string().min(1).max(255),
  /** A `PipelinePlan`, as `xx check` makes it; checked by `planSchema`. */
  plan: z.unknown(),
  source: sourceSchema.default({ kind: 'empty' }),
  sourceInfo: sourceInfoSchema.default({ repository: 'api', branch: null, commit: null, dirty: false }),
  /** `CI_*` facts of commit, project and pipeline. */
  predefined: z.record(z.string(), z.string()).default({}),
  variables: z.array(pipelineVariableSchema).default([]),
  trigger: z.string().max(64).default('api'),
  /** Manual jobs that start by themselves, as if a person had played them. */
  playedJobs: z.array(z.string().max(1024)).max(10_000).default([]),
});

/** The record of a stage: see `StageExecution`. */
export const stageExecutionSchema = z.object({
  name: z.string(),
  status: statusSchema,
  warnings: z.boolean(),
  startedAt: z.string().nullable(),
  completedAt: z.string().nullable(),
});

/** The record of a run: see `PipelineExecution`. */
export const pipelineExecutionSchema = z.object({
  id: z.uuid(),
  pipeline: z.string(),
  source: sourceInfoSchema,
  runNumber: z.int(),
  trigger: z.string(),
  status: statusSchema,
  warnings: z.boolean(),
  reason: z.string().nullable(),
  createdAt: z.string(),
  startedAt: z.string().nullable(),
  completedAt: z.string().nullable(),
  stages: z.array(stageExecutionSchema),
  jobs: z.array(jobExecutionSchema),
});

/** A run in a list: the record without stages and jobs. */
export const executionSummarySchema = pipelineExecutionSchema.omit({ stages: true, jobs: true });
