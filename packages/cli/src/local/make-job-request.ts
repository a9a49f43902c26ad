import {
  failedOutcome,
  type ImagePlan,
  type JobExecution,
  type JobOutcome,
  type JobRequest,
  type Result,
} from '@xx-pipeline/common';
import { buildJobRequest, type PlanIndex, type RequestProblem } from '@xx-pipeline/pipeline-language';
import type { JobSurroundings } from './local-run-parts.ts';

/** One attempt as a local run sees it. */
export interface AttemptInput {
  readonly index: PlanIndex;
  readonly number: number;
  readonly jobId: string;
  readonly attempt: number;
  readonly slot: number;
  readonly executionId: string;
  readonly runNumber: number;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly jobNamed: (name: string) => JobExecution;
}

/** The request of one attempt: what the language makes of the plan, and what was said on the command line. */
export function makeJobRequest(input: AttemptInput, around: JobSurroundings): Result<JobRequest, RequestProblem> {
  const job = input.index.jobs[input.number];
  if (job === undefined) throw new Error(`the plan has no job number ${input.number}`);
  const request = buildJobRequest({
    index: input.index,
    job,
    jobId: input.jobId,
    attempt: input.attempt,
    pipelineExecutionId: input.executionId,
    jobIdOf: (name) => input.jobNamed(name).id,
    stateOf: input.jobNamed,
    predefined: around.predefined(input.runNumber),
    pipelineVariables: around.variables,
    runner: around.runner,
    startedAt: input.startedAt,
    manual: job.when === 'delayed' || around.playedJobs.has(job.name),
    slot: input.slot,
    source: around.source,
    ...(around.defaultTimeout === undefined ? {} : { defaultTimeout: around.defaultTimeout }),
  });
  if (!request.ok || around.pullPolicy === undefined) return request;
  const image = { ...imageOf(request.value), pullPolicy: [around.pullPolicy] };
  return { ok: true, value: { ...request.value, image } };
}

/** The image of a request, in its long form. */
function imageOf({ image }: JobRequest): ImagePlan {
  return typeof image === 'string' ? { name: image } : image;
}

/** The outcome of an attempt that cannot even be requested. */
export const configError = ({ message }: RequestProblem): JobOutcome => failedOutcome('config_error', message);
