import {
  type ArtifactRequest,
  type ArtifactsPlan,
  failure,
  type ImagePlan,
  type JobDependency,
  type JobPlan,
  type JobRequest,
  type JobVariable,
  limits,
  type Result,
  type SourceRequest,
  success,
} from '@xx-pipeline/common';
import { type JobState, StateBit, symbolOf, unsettled } from '../progress/composite-status.ts';
import type { PlanIndex } from '../progress/PlanIndex.ts';
import { expandText } from '../variables/expand-text.ts';
import { expandVariables, type VariableLayer } from '../variables/expand-variables.ts';
import { type RunnerFacts, rawLayer, runnerVariables, weakJobVariables } from './job-variables.ts';

/** A variable given for a whole pipeline (`--var`), stronger than anything in the file. */
export interface PipelineVariable {
  readonly name: string;
  readonly value: string;
  /** Masked in logs. */
  readonly secret?: boolean;
  /** References in the value stay as they are. */
  readonly raw?: boolean;
}

/** Everything an attempt's request is made of. */
export interface JobRequestInput {
  readonly index: PlanIndex;
  readonly job: JobPlan;
  readonly jobId: string;
  /** Counts from 1. */
  readonly attempt: number;
  readonly pipelineExecutionId: string;
  /** The execution's id of a job of the plan. */
  readonly jobIdOf: (jobName: string) => string;
  /** Where the jobs before this one stand. */
  readonly stateOf: (jobName: string) => JobState;
  /** What `pipelineVariables` made. */
  readonly predefined: Readonly<Record<string, string>>;
  readonly pipelineVariables: readonly PipelineVariable[];
  /** From dotenv reports of the jobs before this one. */
  readonly dotenv?: Readonly<Record<string, string>>;
  readonly runner: RunnerFacts;
  /** ISO 8601. */
  readonly startedAt: string;
  /** A person started it; by default whether the plan says `when: manual`. */
  readonly manual?: boolean;
  /** Number of the slot it runs in, from 0. */
  readonly slot?: number;
  /** Seconds for jobs without a timeout of their own. */
  readonly defaultTimeout?: number;
  readonly token?: string;
  readonly source?: SourceRequest;
}

/** Why a job cannot be requested: the job fails with `config_error` and this message. */
export interface RequestProblem {
  readonly message: string;
}

const hour = 3600;

/** Ended well, or may still do so. */
const usableStates = StateBit.success | StateBit.warn | (unsettled & ~StateBit.manual);

/** Makes the request of one attempt: every variable expanded, every name concrete. */
export function buildJobRequest(input: JobRequestInput): Result<JobRequest, RequestProblem> {
  const { job } = input;
  const timeout = job.timeout ?? input.defaultTimeout ?? hour;
  const variables = expandVariables(layersOf(input, timeout));
  if (!variables.ok) return variables;
  const values = variables.value;
  const expand = (text: string) => expandText(text, (name) => (Object.hasOwn(values, name) ? values[name] : undefined));
  const image = expandImage(job.image, expand);
  if (!image.ok) return image;
  const artifacts = job.artifacts === null ? null : expandArtifacts(job.artifacts, expand);
  if (artifacts !== null && !artifacts.ok) return artifacts;
  return success({
    jobId: input.jobId,
    jobName: job.name,
    stageName: job.stage,
    image: image.value,
    script: job.script,
    afterScript: job.afterScript,
    pipelineExecutionId: input.pipelineExecutionId,
    attempt: input.attempt,
    variables: jobVariables(values, input.pipelineVariables),
    needs: dependenciesOf(input),
    timeout,
    allowFailure: job.allowFailure === true,
    ...(artifacts === null ? {} : { artifacts: artifacts.value }),
    ...(input.token === undefined ? {} : { token: input.token }),
    source: input.source ?? { kind: 'empty' },
  });
}

/** Weakest first. */
function layersOf(input: JobRequestInput, timeout: number): VariableLayer[] {
  const { job, jobId, startedAt, slot = 0, manual = job.when === 'manual' } = input;
  const given = input.pipelineVariables.map(({ name, value, raw = false }) => [name, { value, raw }] as const);
  return [
    rawLayer(input.predefined),
    weakJobVariables(job, { jobId, startedAt, timeout, manual, slot }),
    job.variables,
    rawLayer(input.dotenv ?? {}),
    Object.fromEntries(given),
    runnerVariables(input.runner),
  ];
}

function jobVariables(values: Readonly<Record<string, string>>, given: readonly PipelineVariable[]): JobVariable[] {
  const secrets = new Set(given.filter(({ secret }) => secret === true).map(({ name }) => name));
  return Object.entries(values).map(([name, value]) =>
    secrets.has(name) ? { name, value, secret: true } : { name, value },
  );
}

function expandImage(image: ImagePlan, expand: (text: string) => string): Result<ImagePlan, RequestProblem> {
  const name = expand(image.name).trim();
  if (name === '') return failure({ message: `the image "${image.name}" is empty once its variables are expanded` });
  if (/\s/.test(name))
    return failure({ message: `the image "${image.name}" expands to "${name}", which is not a valid image name` });
  const { user, platform, ...rest } = image;
  const expandedUser = expand(user ?? '');
  const expandedPlatform = expand(platform ?? '');
  const problem =
    tooLong('the name of the image', name, limits.image) ??
    tooLong('the user of the image', expandedUser, limits.word) ??
    tooLong('the platform of the image', expandedPlatform, limits.word);
  if (problem !== null) return failure(problem);
  return success({
    ...rest,
    name,
    ...(expandedUser === '' ? {} : { user: expandedUser }),
    ...(expandedPlatform === '' ? {} : { platform: expandedPlatform }),
  });
}

function tooLong(what: string, text: string, limit: number): RequestProblem | null {
  if (text.length <= limit) return null;
  return { message: `${what} has ${text.length} characters once its variables are expanded, the limit is ${limit}` };
}

function expandArtifacts(
  artifacts: ArtifactsPlan,
  expand: (text: string) => string,
): Result<ArtifactRequest, RequestProblem> {
  const name = expand(artifacts.name ?? '');
  const expandAll = (globs: readonly string[]) => globs.map(expand).filter((glob) => glob !== '');
  const problem = tooLong('the name of the artifacts', name, limits.path);
  if (problem !== null) return failure(problem);
  return success({
    name: name === '' ? 'artifacts' : name,
    paths: expandAll(artifacts.paths),
    exclude: expandAll(artifacts.exclude),
    when: artifacts.when,
  });
}

/**
 * The jobs whose artifacts are fetched, in their order, then those that are only waited for. Whether a failure among
 * them stops this job has been decided by then: a job that runs on failures fetches what failed jobs kept,
 * and what never ran is left out.
 */
function dependenciesOf({ index, job, jobIdOf, stateOf }: JobRequestInput): JobDependency[] {
  const toleratesFailures = job.when === 'on_failure' || job.when === 'always';
  const wanted = toleratesFailures ? usableStates | StateBit.failed | StateBit.canceled : usableStates;
  const usable = (name: string) => (symbolOf(stateOf(name)) & wanted) !== 0;
  const keepsArtifacts = (name: string) => index.jobs[index.numberOf.get(name) ?? -1]?.artifacts != null;
  const sources = job.artifactsFrom.filter((name) => keepsArtifacts(name) && usable(name));
  const fetched = new Set(sources);
  const awaited = (job.needs ?? []).map((need) => need.job).filter((name) => !fetched.has(name) && usable(name));
  const dependency = (name: string, artifacts: boolean): JobDependency => ({
    jobId: jobIdOf(name),
    jobName: name,
    artifacts,
    ...(toleratesFailures ? { mustSucceed: false } : {}),
  });
  return [...sources.map((name) => dependency(name, true)), ...awaited.map((name) => dependency(name, false))];
}
