import type { PipelinePlan } from '@xx-pipeline/common';
import { playJobs, type SelectionProblem, selectJobs } from '@xx-pipeline/pipeline-language';
import { CommandError } from '../io/CommandIo.ts';
import { ExitCode } from '../io/exit-codes.ts';
import type { RunOptions } from './run-options.ts';

/** The part of the plan that was asked for. */
export function choosePlan(plan: PipelinePlan, options: Pick<RunOptions, 'jobs' | 'play'>): PipelinePlan {
  const played = options.play.length === 0 ? plan : chosen(playJobs(plan, options.play));
  return options.jobs.length === 0 ? played : chosen(selectJobs(played, options.jobs));
}

function chosen(
  result:
    | { readonly ok: true; readonly value: PipelinePlan }
    | { readonly ok: false; readonly error: SelectionProblem },
): PipelinePlan {
  if (result.ok) return result.value;
  throw new CommandError(
    result.error.message,
    ExitCode.usage,
    'xx dry-run lists the jobs, xx explain JOB says why one is not in',
  );
}

/** Jobs that were manual and now start by themselves. */
export function manualJobs(before: PipelinePlan, after: PipelinePlan): ReadonlySet<string> {
  const jobsOf = (plan: PipelinePlan) => plan.stages.flatMap(({ jobs }) => jobs);
  const manual = new Set(jobsOf(before).flatMap((job) => (job.when === 'manual' ? [job.name] : [])));
  return new Set(jobsOf(after).flatMap((job) => (job.when !== 'manual' && manual.has(job.name) ? [job.name] : [])));
}
