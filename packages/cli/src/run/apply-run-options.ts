import type { ImagePlan, JobPlan, PipelinePlan } from '@xx-pipeline/common';
import type { RunOptions } from './run-options.ts';

/** The plan with what the command line says about images and time: the server only sees the plan. */
export function applyRunOptions(
  plan: PipelinePlan,
  { pullPolicy, timeout }: Pick<RunOptions, 'pullPolicy' | 'timeout'>,
): PipelinePlan {
  if (pullPolicy === null && timeout === null) return plan;
  const change = (job: JobPlan): JobPlan => {
    const image: ImagePlan = pullPolicy === null ? job.image : { ...job.image, pullPolicy: [pullPolicy] };
    return { ...job, image, timeout: job.timeout ?? timeout };
  };
  return { ...plan, stages: plan.stages.map((stage) => ({ ...stage, jobs: stage.jobs.map(change) })) };
}
