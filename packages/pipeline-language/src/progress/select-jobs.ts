import { failure, type JobPlan, type PipelinePlan, type Result, success } from '@xx-pipeline/common';
import { closestName } from '../diagnostics/closest-name.ts';

/** Why a choice of jobs cannot be made; for people. */
export interface SelectionProblem {
  readonly message: string;
}

/**
 * The part of a plan that is needed to run some jobs: they and, transitively, what they need; a stage-ordered job needs
 * the jobs whose artifacts it fetches. A base name picks all instances. What is chosen runs, also if it is manual.
 */
export function selectJobs(plan: PipelinePlan, names: readonly string[]): Result<PipelinePlan, SelectionProblem> {
  const chosen = resolveNames(plan, names);
  if (!chosen.ok) return chosen;
  const byName = new Map(allJobs(plan).map((job) => [job.name, job]));
  const wanted = new Set(chosen.value.map((job) => job.name));
  const visited = new Set<readonly string[]>();
  for (const name of wanted) {
    const job = byName.get(name);
    if (job === undefined) continue;
    // The set grows under the loop, which visits what is added.
    for (const need of job.needs ?? []) wanted.add(need.job);
    // The jobs of a stage may share one list of sources.
    if (visited.has(job.artifactsFrom)) continue;
    visited.add(job.artifactsFrom);
    for (const source of job.artifactsFrom) if (byName.has(source)) wanted.add(source);
  }
  const named = new Set(chosen.value.map((job) => job.name));
  return success(
    mapJobs(plan, (job) => {
      if (!wanted.has(job.name)) return null;
      return named.has(job.name) || job.when === 'manual' ? startingByItself(job) : job;
    }),
  );
}

/** The plan with the named manual jobs starting by themselves; jobs that are not manual stay as they are. */
export function playJobs(plan: PipelinePlan, names: readonly string[]): Result<PipelinePlan, SelectionProblem> {
  const chosen = resolveNames(plan, names);
  if (!chosen.ok) return chosen;
  const played = new Set(chosen.value.map((job) => job.name));
  return success(mapJobs(plan, (job) => (job.when === 'manual' && played.has(job.name) ? startingByItself(job) : job)));
}

function resolveNames(plan: PipelinePlan, names: readonly string[]): Result<JobPlan[], SelectionProblem> {
  const jobs = allJobs(plan);
  const chosen = new Set<JobPlan>();
  for (const name of names) {
    const exact = jobs.filter((job) => job.name === name);
    const found = exact.length > 0 ? exact : jobs.filter((job) => job.baseName === name);
    if (found.length === 0) return failure(notFound(plan, name));
    for (const job of found) chosen.add(job);
  }
  return success([...chosen]);
}

function notFound(plan: PipelinePlan, name: string): SelectionProblem {
  const excluded = plan.excluded.find((job) => job.name === name);
  if (excluded !== undefined) {
    return { message: `job "${name}" is not in this pipeline: ${excluded.admission.reason}` };
  }
  const known = new Set(allJobs(plan).flatMap((job) => [job.name, job.baseName]));
  const closest = closestName(name, known);
  const message = `there is no job "${name}"`;
  return closest === undefined ? { message } : { message: `${message}, did you mean "${closest}"?` };
}

function startingByItself(job: JobPlan): JobPlan {
  if (job.when === 'on_success' || job.when === 'always') return job;
  const { startIn: _, ...rest } = job;
  return { ...rest, when: 'on_success' };
}

function allJobs(plan: PipelinePlan): JobPlan[] {
  return plan.stages.flatMap((stage) => stage.jobs);
}

function mapJobs(plan: PipelinePlan, update: (job: JobPlan) => JobPlan | null): PipelinePlan {
  const stages = plan.stages.map((stage) => ({ ...stage, jobs: stage.jobs.flatMap((job) => update(job) ?? []) }));
  return { ...plan, stages: stages.filter((stage) => stage.jobs.length > 0) };
}
