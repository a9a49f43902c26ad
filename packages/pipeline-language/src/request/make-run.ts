import {
  failure,
  type ImagePlan,
  isoTime,
  type JobPlan,
  type PipelinePlan,
  type PullPolicy,
  type Result,
  type SourceInfo,
  success,
} from '@xx-pipeline/common';
import { playJobs, type SelectionProblem, selectJobs } from '../progress/select-jobs.ts';
import type { PipelineVariable } from './build-job-request.ts';
import { maskPlan } from './mask-plan.ts';
import { pipelineVariables } from './predefined-variables.ts';
import { projectFacts } from './project-facts.ts';
import type { TreeFacts } from './RepositoryFacts.ts';

/** What the caller wants of a run. */
export interface RunRequest {
  /** Only these jobs and what they need; all if empty. */
  readonly jobs: readonly string[];
  /** Manual jobs that start by themselves. */
  readonly play: readonly string[];
  readonly variables: readonly PipelineVariable[];
  /** Stronger than the file; null leaves the choice to the file. */
  readonly pullPolicy: PullPolicy | null;
  /** Seconds for jobs without a timeout of their own; null for the usual limit. */
  readonly timeout: number | null;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

/** Everything that an execution needs, on this machine or on a server. */
export interface Run {
  /** The name of the pipeline, with variables expanded; that of its project if it has none. */
  readonly name: string;
  /** With the chosen jobs and options; without secrets. */
  readonly plan: PipelinePlan;
  /** Jobs that the file calls manual and that start by themselves here. */
  readonly playedJobs: ReadonlySet<string>;
  readonly variables: readonly PipelineVariable[];
  /** `dirty` is false: whether the tree has uncommitted changes is known later. */
  readonly sourceInfo: SourceInfo;
  readonly createdAt: number;
  /** Predefined variables of all jobs. The number is 0 where it is not known yet. */
  predefined(runNumber: number): Readonly<Record<string, string>>;
}

/** Makes a run of a checked pipeline, the same for every executor. Fails if it names jobs that the plan does not have. */
export function makeRun(checked: PipelinePlan, tree: TreeFacts, request: RunRequest): Result<Run, SelectionProblem> {
  const chosen = chooseJobs(checked, request);
  if (!chosen.ok) return failure(chosen.error);
  const { variables, createdAt } = request;
  const sourceInfo = sourceInfoOf(tree);
  const given = Object.fromEntries(variables.map(({ name, value, secret }) => [name, secret ? '' : value]));
  const known = { ...treeVariables(tree, { createdAt, runNumber: 0, name: null }), ...given };
  const name = pipelineName(chosen.value.name, known, projectFacts(sourceInfo.repository).name);
  return success({
    name,
    plan: maskPlan(applyOptions(chosen.value, request), variables),
    playedJobs: manualJobs(checked, chosen.value),
    variables,
    sourceInfo,
    createdAt,
    predefined: onceForEach((runNumber) => treeVariables(tree, { createdAt, runNumber, name })),
  });
}

/** Predefined variables of a pipeline of this tree, as rules see them too. */
export function treeVariables(
  { root, file, repository }: TreeFacts,
  run: { readonly createdAt: number; readonly runNumber: number; readonly name: string | null },
): Record<string, string> {
  const { commit, branch, tag, defaultBranch, remoteUrl } = repository;
  return pipelineVariables({
    pipeline: {
      // Scripts expect a number that no other pipeline has.
      id: String(run.createdAt),
      runNumber: run.runNumber,
      source: 'push',
      createdAt: isoTime(run.createdAt),
      name: run.name,
      url: null,
      configPath: file,
    },
    project: projectFacts(remoteUrl ?? root),
    commit,
    branch,
    tag,
    defaultBranch,
  });
}

function chooseJobs(plan: PipelinePlan, { jobs, play }: RunRequest): Result<PipelinePlan, SelectionProblem> {
  const played = play.length === 0 ? success(plan) : playJobs(plan, play);
  return !played.ok || jobs.length === 0 ? played : selectJobs(played.value, jobs);
}

/** Jobs that were manual and now start by themselves. */
function manualJobs(before: PipelinePlan, after: PipelinePlan): ReadonlySet<string> {
  const jobsOf = (plan: PipelinePlan) => plan.stages.flatMap(({ jobs }) => jobs);
  const manual = new Set(jobsOf(before).flatMap((job) => (job.when === 'manual' ? [job.name] : [])));
  return new Set(jobsOf(after).flatMap((job) => (job.when !== 'manual' && manual.has(job.name) ? [job.name] : [])));
}

function applyOptions(plan: PipelinePlan, { pullPolicy, timeout }: RunRequest): PipelinePlan {
  if (pullPolicy === null && timeout === null) return plan;
  const change = (job: JobPlan): JobPlan => {
    const image: ImagePlan = pullPolicy === null ? job.image : { ...job.image, pullPolicy: [pullPolicy] };
    return { ...job, image, timeout: job.timeout ?? timeout };
  };
  return { ...plan, stages: plan.stages.map((stage) => ({ ...stage, jobs: stage.jobs.map(change) })) };
}

function sourceInfoOf({ root, repository: { remoteUrl, branch, commit } }: TreeFacts): SourceInfo {
  return { repository: remoteUrl ?? root, branch, commit: commit?.sha ?? null, dirty: false };
}

function pipelineName(planned: string | null, variables: Readonly<Record<string, string>>, project: string): string {
  const name = (planned ?? '').replace(
    /\$(?:\{(\w+)\}|(\w+))/g,
    (_, braced, plain) => variables[braced ?? plain] ?? '',
  );
  return name.trim() === '' ? project : name.trim();
}

/** Keeps the last answer: every job of a run asks for the variables of the same number. */
function onceForEach<T>(make: (key: number) => T): (key: number) => T {
  let last: { readonly key: number; readonly value: T } | null = null;
  return (key) => {
    if (last?.key !== key) last = { key, value: make(key) };
    return last.value;
  };
}
