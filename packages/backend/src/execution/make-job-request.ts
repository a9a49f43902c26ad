import {
  failure,
  type JobExecution,
  type JobRequest,
  type Result,
  type SourceRequest,
  unreachable,
} from '@xx-pipeline/common';
import {
  buildJobRequest,
  type PipelineVariable,
  type RequestProblem,
  type RunnerFacts,
  serverVariables,
} from '@xx-pipeline/pipeline-language';
import type { SecretBox } from '../secrets/SecretBox.ts';
import type { ExecutionSource } from '../store/ExecutionStore.ts';
import type { ExecutionDraft } from './ExecutionDraft.ts';
import type { ServerFacts } from './execution-parts.ts';

/** The source of what requests contain and the execution does not. */
export interface RequestSurroundings {
  readonly secrets: Pick<SecretBox, 'open'>;
  readonly server: ServerFacts;
}

/** One attempt to be requested. */
export interface RequestedAttempt {
  readonly job: JobExecution;
  readonly attempt: number;
  readonly token?: string;
  readonly runner: RunnerFacts;
}

/** The request of an attempt; secrets are decrypted here and nowhere else. */
export function makeJobRequest(
  draft: ExecutionDraft,
  { job, attempt, token, runner }: RequestedAttempt,
  { secrets, server }: RequestSurroundings,
): Result<JobRequest, RequestProblem> {
  const { execution, definition } = draft;
  const plan = draft.planOf(job);
  const given: PipelineVariable[] = [];
  for (const variable of [...definition.variables, ...(job.playVariables ?? [])]) {
    const opened = openVariable(variable, execution.id, secrets);
    if (!opened.ok) return opened;
    given.push(opened.value);
  }
  return buildJobRequest({
    index: draft.index,
    job: plan,
    jobId: job.id,
    attempt,
    pipelineExecutionId: execution.id,
    jobIdOf: (name) => draft.jobNamed(name).id,
    stateOf: (name) => draft.jobNamed(name),
    predefined: { ...definition.predefined, ...addresses(execution.id, job.id, server) },
    pipelineVariables: given,
    runner,
    startedAt: draft.at,
    manual: plan.when === 'manual' || plan.when === 'delayed' || definition.playedJobs?.includes(job.name) === true,
    source: sourceRequest(definition.source),
    ...(token === undefined ? {} : { token }),
  });
}

/** The request that an attempt would be as far as it is known before a worker has it. */
export function makeUnassignedRequest(
  draft: ExecutionDraft,
  job: JobExecution,
  attempt: number,
  around: RequestSurroundings,
): Result<JobRequest, RequestProblem> {
  const runner = { id: '', description: '', version: around.server.version };
  return makeJobRequest(draft, { job, attempt, runner }, around);
}

/** A variable as it is written: a secret one's value encrypted for its execution. */
export function sealVariable(variable: PipelineVariable, executionId: string, secrets: SecretBox): PipelineVariable {
  if (variable.secret !== true) return variable;
  return { ...variable, value: secrets.seal(variable.value, contextOf(executionId, variable.name)) };
}

function openVariable(
  variable: PipelineVariable,
  executionId: string,
  secrets: Pick<SecretBox, 'open'>,
): Result<PipelineVariable, RequestProblem> {
  if (variable.secret !== true) return { ok: true, value: variable };
  const value = secrets.open(variable.value, contextOf(executionId, variable.name));
  if (value.ok) return { ok: true, value: { ...variable, value: value.value } };
  return failure({ message: `the server cannot decrypt the variable ${variable.name}: ${value.error.message}` });
}

const contextOf = (executionId: string, name: string): string => `${executionId}/${name}`;

/** The variables that name the server. */
function addresses(executionId: string, jobId: string, { publicUrl, version }: ServerFacts): Record<string, string> {
  if (publicUrl === null) return {};
  const base = publicUrl.replace(/\/+$/, '');
  const all = {
    ...serverVariables({ url: base, version }),
    CI_PIPELINE_URL: `${base}/api/pipelines/executions/${executionId}`,
    CI_JOB_URL: `${base}/api/jobs/${jobId}`,
  };
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

/** The key under which workers fetch the files. */
function sourceRequest(source: ExecutionSource): SourceRequest {
  switch (source.kind) {
    case 'empty':
      return { kind: 'empty' };
    case 'snapshot':
      return { kind: 'tree', key: `snapshot:${source.id}` };
    case 'git':
      return { kind: 'tree', key: `git:${source.url}#${source.commit}` };
    default:
      return unreachable(source);
  }
}
