import { failedOutcome, type JobExecution, type JobOutcome, type JobRequest, type Result } from '@xx-pipeline/common';
import { buildJobRequest, type PlanIndex, type RequestProblem, type Run } from '@xx-pipeline/pipeline-language';
import type { LocalMachine } from './local-run-parts.ts';

/** One attempt of a job on this machine. */
export interface AttemptInput {
  readonly index: PlanIndex;
  /** The number of the job in the plan. */
  readonly number: number;
  readonly attempt: number;
  readonly slot: number;
  readonly execution: { readonly id: string; readonly runNumber: number };
  /** ISO 8601. */
  readonly startedAt: string;
  readonly jobNamed: (name: string) => JobExecution;
}

/** The request of one attempt of a run on this machine. */
export function makeJobRequest(
  input: AttemptInput,
  run: Run,
  machine: LocalMachine,
): Result<JobRequest, RequestProblem> {
  const job = input.index.jobs[input.number];
  if (job === undefined) throw new Error(`the plan has no job number ${input.number}`);
  return buildJobRequest({
    index: input.index,
    job,
    jobId: input.jobNamed(job.name).id,
    attempt: input.attempt,
    pipelineExecutionId: input.execution.id,
    jobIdOf: (name) => input.jobNamed(name).id,
    stateOf: input.jobNamed,
    predefined: run.predefined(input.execution.runNumber),
    pipelineVariables: run.variables,
    runner: machine.runner,
    startedAt: input.startedAt,
    manual: job.when === 'delayed' || run.playedJobs.has(job.name),
    slot: input.slot,
    source: machine.source,
  });
}

/** The outcome of an attempt that cannot even be requested. */
export const configError = ({ message }: RequestProblem): JobOutcome => failedOutcome('config_error', message);
