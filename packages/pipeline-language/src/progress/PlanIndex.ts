import type { JobPlan, PipelinePlan } from '@xx-pipeline/common';

/** A plan's jobs by number, with edges in both directions: made once, then every question is cheap. */
export interface PlanIndex {
  readonly plan: PipelinePlan;
  /** In order of stages, then of the file. */
  readonly jobs: readonly JobPlan[];
  readonly numberOf: ReadonlyMap<string, number>;
  /** Position of each job's stage. */
  readonly stageOf: readonly number[];
  /** Numbers of the jobs of each stage that wait for all earlier stages. */
  readonly stageOrdered: readonly (readonly number[])[];
  /** Numbers of the jobs that each job needs; null for stage-ordered ones. */
  readonly needs: readonly (readonly number[] | null)[];
  /** Numbers of the jobs that need each job. */
  readonly dependents: readonly (readonly number[])[];
}

/** Indexes a plan. A need that names no job of the plan is a bug of the maker of the plan. */
export function indexPlan(plan: PipelinePlan): PlanIndex {
  const jobs = plan.stages.flatMap((stage) => stage.jobs);
  const numberOf = new Map(jobs.map((job, number) => [job.name, number]));
  const stageOf = plan.stages.flatMap((stage, position) => stage.jobs.map(() => position));
  const dependents: number[][] = jobs.map(() => []);
  const needs = jobs.map((job, number) => {
    if (job.needs === null) return null;
    return job.needs.map((need) => {
      const needed = numberOf.get(need.job);
      if (needed === undefined) throw new Error(`the plan lacks "${need.job}", which "${job.name}" needs`);
      dependents[needed]?.push(number);
      return needed;
    });
  });
  const stageOrdered: number[][] = plan.stages.map(() => []);
  for (const [number, list] of needs.entries()) if (list === null) stageOrdered[stageOf[number] ?? 0]?.push(number);
  return { plan, jobs, numberOf, stageOf, stageOrdered, needs, dependents };
}
