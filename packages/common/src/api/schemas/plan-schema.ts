import { z } from 'zod';
import type { Span } from '../../diagnostics/Span.ts';
import { limits } from '../../limits.ts';
import type { Admission, ArtifactsPlan, JobPlan, RuleTrace, VariablePlan } from '../../plan/JobPlan.ts';
import type { PlanDocument } from '../../plan/PipelinePlan.ts';
import { validatedPlan } from '../../plan/trust-plan.ts';
import { contract } from './contract.ts';
import { namedImageSchema } from './job-schemas.ts';

const text = z.string().max(limits.text);
const name = z.string().min(1).max(limits.name);
const path = z.string().max(limits.path);
const texts = z.array(text).max(limits.commands);
const seconds = z.number().min(0).max(limits.seconds);

const span = contract<Span>()(z.object({ file: path, start: z.int().min(0), end: z.int().min(0) }));

const variables = z
  .record(name, contract<VariablePlan>()(z.object({ value: text, raw: z.boolean().exactOptional() })))
  .refine((all) => Object.keys(all).length <= limits.variables, `at most ${limits.variables} variables`);

const ruleTrace = contract<RuleTrace>()(
  z.object({
    index: z.int().min(0),
    span: span.exactOptional(),
    clauses: z
      .array(z.object({ clause: z.enum(['if', 'changes', 'exists']), text, result: z.boolean(), reason: text }))
      .max(10),
    outcome: z.enum(['matched', 'not-matched', 'not-reached']),
    when: z.string().max(64).exactOptional(),
  }),
);

const admission = contract<Admission>()(z.object({ reason: text, rules: z.array(ruleTrace).max(limits.traces) }));

const artifacts = contract<ArtifactsPlan>()(
  z.object({
    name: path.exactOptional(),
    paths: z.array(path).max(limits.commands),
    exclude: z.array(path).max(limits.commands),
    when: z.enum(['on_success', 'on_failure', 'always']),
    expireIn: z.number().min(0).nullable().exactOptional(),
  }),
);

const exitCodes = z.array(z.int()).max(1000);

// Four fields are enough for a job written by hand: name, stage, image, script.
const job = contract<JobPlan>()(
  z
    .object({
      name,
      baseName: name.exactOptional(),
      stage: name,
      image: namedImageSchema,
      script: texts,
      afterScript: texts.default([]),
      variables: variables.default({}),
      needs: z
        .array(z.object({ job: name, artifacts: z.boolean().default(true) }))
        .nullable()
        .default(null),
      artifactsFrom: z.array(name).default([]),
      tags: z.array(name).max(limits.tags).default([]),
      when: z.enum(['on_success', 'on_failure', 'always', 'manual', 'delayed']).default('on_success'),
      startIn: seconds.exactOptional(),
      allowFailure: z.union([z.boolean(), z.object({ exitCodes })]).default(false),
      artifacts: artifacts.nullable().default(null),
      retry: z
        .object({ max: z.int().min(0).max(2), when: z.array(z.string().max(64)).max(100), exitCodes })
        .default({ max: 0, when: ['always'], exitCodes: [] }),
      timeout: z.number().positive().max(limits.seconds).nullable().default(null),
      parallel: z
        .object({ index: z.int().min(1), total: z.int().min(1) })
        .nullable()
        .default(null),
      admission: admission.default({ reason: 'it was sent like this', rules: [] }),
      span: span.default({ file: 'api', start: 0, end: 0 }),
    })
    .transform((one) => ({
      ...one,
      baseName: one.baseName ?? one.name,
    })),
);

/**
 * A `PipelinePlan` from outside: sizes bounded, names unique, every need and artifact source a job of the plan,
 * no circle among needs. What passes can be executed without another look.
 */
export const planSchema = contract<PlanDocument>()(
  z.object({
    schemaVersion: z.literal(1),
    name: z.string().max(limits.path).nullable().default(null),
    stages: z
      .array(z.object({ name, jobs: z.array(job).min(1) }))
      .min(1)
      .max(limits.jobs),
    excluded: z
      .array(z.object({ name, stage: name, admission, span }))
      .max(limits.jobs)
      .default([]),
    variables: variables.default({}),
  }),
)
  .superRefine((plan, context) => {
    for (const { path, message } of findPlanProblems(plan)) context.addIssue({ code: 'custom', path, message });
  })
  .transform(validatedPlan);

interface PlanProblem {
  readonly path: (string | number)[];
  readonly message: string;
}

interface PlacedJob {
  readonly job: JobPlan;
  readonly stage: string;
  readonly stageNumber: number;
  readonly path: (string | number)[];
}

function findPlanProblems(plan: {
  readonly stages: readonly { name: string; jobs: readonly unknown[] }[];
}): PlanProblem[] {
  const placed = plan.stages.flatMap((stage, stageNumber) =>
    stage.jobs.map((each, jobNumber): PlacedJob => {
      const path = ['stages', stageNumber, 'jobs', jobNumber];
      return { job: each as JobPlan, stage: stage.name, stageNumber, path };
    }),
  );
  const stageNames = new Set(plan.stages.map((stage) => stage.name));
  if (placed.length > limits.jobs) return [{ path: ['stages'], message: `at most ${limits.jobs} jobs` }];
  if (stageNames.size < plan.stages.length) return [{ path: ['stages'], message: 'two stages have the same name' }];
  const byName = new Map(placed.map((one) => [one.job.name, one]));
  const problems = placed.flatMap((one) => jobProblems(one, byName));
  if (byName.size < placed.length) problems.push({ path: ['stages'], message: 'two jobs have the same name' });
  const links = placed.reduce(
    (sum, { job: { needs, artifactsFrom } }) => sum + (needs?.length ?? 0) + artifactsFrom.length,
    0,
  );
  if (links > limits.links)
    problems.push({ path: ['stages'], message: `at most ${limits.links} needs and artifact links` });
  if (problems.length === 0 && hasCircle(placed.map((one) => one.job))) {
    problems.push({ path: ['stages'], message: 'needs go in a circle' });
  }
  return problems.slice(0, 20);
}

function jobProblems(placed: PlacedJob, byName: ReadonlyMap<string, PlacedJob>): PlanProblem[] {
  const { job: one, stage, stageNumber, path } = placed;
  const problems: PlanProblem[] = [];
  if (one.stage !== stage) problems.push({ path: [...path, 'stage'], message: `the job stands in stage "${stage}"` });
  for (const [number, need] of (one.needs ?? []).entries()) {
    const needed = byName.get(need.job);
    if (needed !== undefined && needed.stageNumber <= stageNumber) continue;
    // A need on a later stage could wait for a job that waits for this one's stage.
    const message = needed === undefined ? `there is no job "${need.job}"` : `"${need.job}" stands in a later stage`;
    problems.push({ path: [...path, 'needs', number, 'job'], message });
  }
  for (const [number, source] of one.artifactsFrom.entries()) {
    if (!byName.has(source)) {
      problems.push({ path: [...path, 'artifactsFrom', number], message: `there is no job "${source}"` });
    }
  }
  return problems;
}

/** Kahn's algorithm: what is never free of open needs lies on a circle or behind one. */
function hasCircle(jobs: readonly JobPlan[]): boolean {
  const dependents = new Map<string, string[]>();
  const open = new Map<string, number>();
  for (const { name: dependent, needs } of jobs) {
    open.set(dependent, needs?.length ?? 0);
    for (const need of needs ?? []) {
      const list = dependents.get(need.job);
      if (list === undefined) dependents.set(need.job, [dependent]);
      else list.push(dependent);
    }
  }
  const free = [...open].filter(([, count]) => count === 0).map(([free]) => free);
  let seen = 0;
  for (let next = free.pop(); next !== undefined; next = free.pop()) {
    seen++;
    for (const dependent of dependents.get(next) ?? []) {
      const left = (open.get(dependent) ?? 0) - 1;
      open.set(dependent, left);
      if (left === 0) free.push(dependent);
    }
  }
  return seen < jobs.length;
}
