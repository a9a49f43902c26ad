import { z } from 'zod';
import type { JobReport, Report, StageReport } from '../../report/Report.ts';
import { contract } from './contract.ts';
import {
  artifactRefSchema,
  failureReasonSchema,
  jobAttemptSchema,
  statusSchema,
  timingsSchema,
} from './job-schemas.ts';

const time = z.string().meta({ format: 'date-time' });

const jobReportSchema = contract<JobReport>()(
  z.object({
    id: z.string(),
    name: z.string(),
    status: statusSchema,
    allowFailure: z.boolean(),
    failureReason: failureReasonSchema.nullable(),
    failureMessage: z.string().nullable(),
    waitingReason: z.string().nullable(),
    exitCode: z.int().nullable(),
    image: z.string(),
    startedAt: time.nullable(),
    completedAt: time.nullable(),
    timings: timingsSchema,
    attempts: z.array(jobAttemptSchema),
    artifacts: z.array(artifactRefSchema),
    coverage: z.number().nullable(),
    log: z.string().nullable(),
  }),
);

const stageReportSchema = contract<StageReport>()(
  z.object({
    name: z.string(),
    status: statusSchema,
    warnings: z.boolean(),
    startedAt: time.nullable(),
    completedAt: time.nullable(),
    jobs: z.array(jobReportSchema),
  }),
);

/** A report: see `Report`; `docs/reports.md` says what the fields mean. */
export const reportSchema = contract<Report>()(
  z.object({
    schemaVersion: z.literal(1),
    id: z.string(),
    pipeline: z.string(),
    repository: z.string(),
    branch: z.string().nullable(),
    commit: z.string().nullable(),
    dirty: z.boolean(),
    runNumber: z.int().min(1),
    trigger: z.string(),
    status: statusSchema,
    warnings: z.boolean(),
    reason: z.string().nullable(),
    createdAt: time,
    startedAt: time.nullable(),
    completedAt: time.nullable(),
    stages: z.array(stageReportSchema),
  }),
);

/** The JSON Schema of a report, for programs that read reports. */
export function reportJsonSchema(): object {
  const { $schema, ...rest } = z.toJSONSchema(reportSchema, {
    io: 'output',
    target: 'draft-2020-12',
    reused: 'inline',
  });
  return { $schema, title: 'Report of a pipeline run', ...rest };
}
