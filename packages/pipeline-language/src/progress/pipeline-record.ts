import type {
  IdSource,
  JobExecution,
  JobOutcome,
  PipelineExecution,
  PipelinePlan,
  SourceInfo,
  StageExecution,
} from '@xx-pipeline/common';
import { isTerminal } from '@xx-pipeline/common';
import { symbolOf } from './composite-status.ts';
import type { JobDecision } from './decide.ts';
import {
  canceled,
  decided,
  finished,
  handedBack,
  hurried,
  played,
  reset,
  retried,
  started,
} from './job-transitions.ts';
import type { PlanIndex } from './PlanIndex.ts';
import { rollUpSet } from './roll-up.ts';

/** What a new execution is, besides its plan. Times are ISO 8601, here and below. */
export interface ExecutionFacts {
  readonly id: string;
  readonly pipelineName: string;
  readonly source: SourceInfo;
  readonly runNumber: number;
  readonly trigger: string;
  readonly createdAt: string;
  /** Gives each job its id. */
  readonly ids: IdSource;
}

/** The record of a pipeline of which nothing has happened yet. */
export function createPipelineExecution(plan: PipelinePlan, facts: ExecutionFacts): PipelineExecution {
  return {
    id: facts.id,
    pipeline: facts.pipelineName,
    source: facts.source,
    runNumber: facts.runNumber,
    trigger: facts.trigger,
    status: 'CREATED',
    warnings: false,
    reason: null,
    createdAt: facts.createdAt,
    startedAt: null,
    completedAt: null,
    stages: plan.stages.map(({ name }) => ({
      name,
      status: 'CREATED',
      warnings: false,
      startedAt: null,
      completedAt: null,
    })),
    jobs: plan.stages.flatMap((stage) =>
      stage.jobs.map((job) => ({
        id: facts.ids.next(),
        name: job.name,
        stage: stage.name,
        status: 'CREATED' as const,
        allowFailure: false,
        waitingReason: null,
        image: job.image.name,
        eligibleAt: null,
        notBefore: null,
        attempts: [],
      })),
    ),
  };
}

/** The decisions of `nextJobs` or a tracker, all at once. */
export function applyDecisions(
  execution: PipelineExecution,
  decisions: readonly JobDecision[],
  at: string,
): PipelineExecution {
  const byName = new Map(decisions.map((decision) => [decision.job.name, decision]));
  return change(execution, at, (job) => {
    const decision = byName.get(job.name);
    return decision === undefined ? job : decided(job, decision, at);
  });
}

/** A person starts a manual job. */
export function jobPlayed(execution: PipelineExecution, jobId: string, at: string): PipelineExecution {
  return changeJob(execution, jobId, at, (job) => played(job, at));
}

/** A person does not wait for the time of a delayed job. */
export function delayEnded(execution: PipelineExecution, jobId: string, at: string): PipelineExecution {
  return changeJob(execution, jobId, at, (job) => hurried(job, at));
}

/** An attempt begins; `image` is the one used, variables expanded; `log` is where its log can be read. */
export function attemptStarted(
  execution: PipelineExecution,
  jobId: string,
  { at, image, log = null }: { readonly at: string; readonly image: string; readonly log?: string | null },
): PipelineExecution {
  return changeJob(execution, jobId, at, (job) => started(job, at, image, log));
}

/** The worker of an attempt did not take it, or gives it back: the job waits for another one, whatever its `retry` says. */
export function attemptHandedBack(
  execution: PipelineExecution,
  jobId: string,
  facts: { readonly at: string; readonly message: string; readonly log: string | null },
): PipelineExecution {
  return changeJob(execution, jobId, facts.at, (job) => handedBack(job, facts));
}

/** One job is canceled, whatever it was doing; its running attempt, if any, is over. */
export function jobCanceled(
  execution: PipelineExecution,
  jobId: string,
  { at, message }: { readonly at: string; readonly message: string },
): PipelineExecution {
  return changeJob(execution, jobId, at, (job) => canceled(job, at, message));
}

/** Changes what a job's record says besides its status. */
export function jobNoted(
  execution: PipelineExecution,
  jobId: string,
  at: string,
  note: (job: JobExecution) => JobExecution,
): PipelineExecution {
  return changeJob(execution, jobId, at, (job) => {
    const noted = note(job);
    if (noted.status !== job.status) throw new Error(`a note changed the status of "${job.name}"`);
    return noted;
  });
}

/**
 * A person has jobs run again: `now` at once, `anew` when their turn comes. The reason the execution ended for,
 * if there is one, is history.
 */
export function jobsRetried(
  execution: PipelineExecution,
  { now, anew }: { readonly now: ReadonlySet<string>; readonly anew: ReadonlySet<string> },
  at: string,
): PipelineExecution {
  return change({ ...execution, reason: null }, at, (job) => {
    if (now.has(job.id)) return retried(job, at);
    return anew.has(job.id) ? reset(job) : job;
  });
}

/** An attempt ends; the job is then done, or PENDING for another one. */
export function attemptFinished(
  execution: PipelineExecution,
  index: PlanIndex,
  jobId: string,
  outcome: JobOutcome,
  { at, log }: { readonly at: string; readonly log: string | null },
): PipelineExecution {
  return changeJob(execution, jobId, at, (job) => {
    const plan = index.jobs[index.numberOf.get(job.name) ?? -1];
    if (plan === undefined) throw new Error(`the plan has no job "${job.name}"`);
    const after = finished(job, plan, outcome, at, log);
    // Who ends a whole pipeline wants to see it CANCELED, also where `allow_failure` would excuse its last job.
    const isEnding = execution.reason !== null && outcome.status === 'CANCELED';
    return isEnding ? { ...after, allowFailure: false } : after;
  });
}

/** The pipeline is being ended: what has not started is CANCELED, running attempts still have to finish. */
export function pipelineCanceled(execution: PipelineExecution, reason: string, at: string): PipelineExecution {
  return change({ ...execution, reason }, at, (job) => (job.status === 'RUNNING' ? job : canceled(job, at, reason)));
}

/** Nobody runs the pipeline any more (its process was killed): all that was alive is CANCELED. */
export function pipelineAbandoned(execution: PipelineExecution, reason: string, at: string): PipelineExecution {
  return change({ ...execution, reason }, at, (job) => canceled(job, at, reason));
}

/** Nothing more will happen here, though a manual job may be left: sets the time of completion. */
export function pipelineClosed(execution: PipelineExecution, at: string): PipelineExecution {
  return { ...execution, completedAt: execution.completedAt ?? at };
}

function changeJob(
  execution: PipelineExecution,
  jobId: string,
  at: string,
  update: (job: JobExecution) => JobExecution,
): PipelineExecution {
  const position = execution.jobs.findIndex((job) => job.id === jobId);
  const job = execution.jobs[position];
  if (job === undefined) throw new Error(`pipeline execution ${execution.id} has no job ${jobId}`);
  return derive({ ...execution, jobs: execution.jobs.with(position, update(job)) }, at);
}

function change(
  execution: PipelineExecution,
  at: string,
  update: (job: JobExecution) => JobExecution,
): PipelineExecution {
  return derive({ ...execution, jobs: execution.jobs.map(update) }, at);
}

/** What the jobs of one stage are, taken together. */
interface StageSummary {
  readonly name: string;
  set: number;
  /** An attempt has been made. */
  begun: boolean;
}

/** Status and times of the stages and the pipeline follow from the jobs. */
function derive(execution: PipelineExecution, at: string): PipelineExecution {
  const summaries = new Map(
    execution.stages.map(({ name }): [string, StageSummary] => [name, { name, set: 0, begun: false }]),
  );
  const all: StageSummary = { name: '', set: 0, begun: false };
  let current: StageSummary | undefined;
  for (const job of execution.jobs) {
    // Jobs of a stage mostly stand together.
    if (current?.name !== job.stage) current = summaries.get(job.stage);
    const symbol = symbolOf(job);
    all.set |= symbol;
    if (current !== undefined) current.set |= symbol;
    if (job.attempts.length === 0) continue;
    all.begun = true;
    if (current !== undefined) current.begun = true;
  }
  const stages = execution.stages.map((stage) => withStatus(stage, summaries.get(stage.name) ?? all, at));
  return { ...withStatus(execution, all, at), stages };
}

function withStatus<T extends StageExecution | PipelineExecution>(
  record: T,
  { set, begun }: StageSummary,
  at: string,
): T {
  const { status, warnings } = rollUpSet(set);
  const startedAt = record.startedAt ?? (begun ? at : null);
  const completedAt = isTerminal(status) ? (record.completedAt ?? at) : null;
  const isSame = record.status === status && record.warnings === warnings;
  if (isSame && record.startedAt === startedAt && record.completedAt === completedAt) return record;
  return { ...record, status, warnings, startedAt, completedAt };
}
