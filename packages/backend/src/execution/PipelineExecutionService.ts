import {
  buildReport,
  isoTime,
  isTerminal,
  type PipelineExecution,
  type PipelinePlan,
  type Principal,
  type Report,
  type Result,
  success,
} from '@xx-pipeline/common';
import { type Checked, type createExecutionSchema, type Problem, problem, refused } from '@xx-pipeline/common/api';
import { createPipelineExecution, expandTags, playJobs, retriesOfPipeline } from '@xx-pipeline/pipeline-language';
import type { ExecutionSource } from '../store/ExecutionStore.ts';
import { cancelExecutionOf, isBeingCanceled, releaseAssignments } from './draft-steps.ts';
import type { ExecutionChanges } from './ExecutionChanges.ts';
import { type ExecutionDraft, shownExecution } from './ExecutionDraft.ts';
import type { ExecutionParts } from './execution-parts.ts';
import { sealVariable } from './make-job-request.ts';
import type { StageExecutionService } from './StageExecutionService.ts';

/** A request to run a plan. */
export type CreateExecution = Checked<typeof createExecutionSchema>;

/** The life of a run: created, canceled, retried, finalized. */
export class PipelineExecutionService {
  readonly #parts: ExecutionParts;
  readonly #changes: ExecutionChanges;
  readonly #stages: StageExecutionService;

  constructor(parts: ExecutionParts, changes: ExecutionChanges, stages: StageExecutionService) {
    this.#parts = parts;
    this.#changes = changes;
    this.#stages = stages;
  }

  /** Writes the run with its first stage's jobs pending, in one transaction; a repeated key gives the first one. */
  async createPipelineExecution(
    input: CreateExecution,
    by: Principal,
    idempotencyKey: string | null,
  ): Promise<Result<{ execution: PipelineExecution; isNew: boolean }, Problem>> {
    const { playedJobs } = input;
    const unknown = unknownJobs(input.plan, playedJobs);
    if (unknown.length > 0) return refused('bad_request', 'jobs to play are not in the plan', { errors: unknown });
    const refusal = await this.#refuseSource(input.source);
    if (refusal !== null) return { ok: false, error: refusal };
    const { clock, ids, secrets, stores } = this.#parts;
    const id = ids.next();
    const createdAt = isoTime(clock.now());
    const variables = input.variables.map((variable) => sealVariable(asVariable(variable), id, secrets));
    const { pipeline, sourceInfo, trigger } = input;
    const key = { repository: sourceInfo.repository, pipeline, idempotencyKey };
    const { execution, isNew } = await stores.executions.create((runNumber) => {
      const predefined = { ...input.predefined, ...runFacts({ id, runNumber, createdAt }) };
      const given = playedJobs.length === 0 ? input.plan : played(input.plan, playedJobs);
      const plan = withTags(given, predefined, input.variables.map(asMasked));
      const facts = {
        id,
        pipelineName: pipeline,
        source: sourceInfo,
        runNumber,
        trigger,
        createdBy: by,
        createdAt,
        ids,
      };
      const definition = {
        ...{ plan, source: input.source, predefined, variables },
        ...(playedJobs.length === 0 ? {} : { playedJobs }),
      };
      const execution = createPipelineExecution(plan, facts);
      const draft = this.#changes.draft({ execution, definition, assignments: new Map() });
      this.#stages.executeFirstStage(draft);
      return draft.created();
    }, key);
    if (isNew && isTerminal(execution.status)) await this.#changes.change(execution.id, (draft) => draft.tellEnd());
    return success({ execution: shownExecution(execution), isNew });
  }

  /** The record. */
  async getExecution(id: string): Promise<Result<PipelineExecution, Problem>> {
    const found = await this.#parts.stores.executions.find(id);
    return found === null ? noSuchExecution(id) : success(shownExecution(found.execution));
  }

  /** The plan that the run was created with, its labels expanded. */
  async getPlan(id: string): Promise<Result<PipelinePlan, Problem>> {
    const found = await this.#parts.stores.executions.find(id);
    return found === null ? noSuchExecution(id) : success(found.definition.plan);
  }

  /** Cancels what has not started and asks workers to end what runs; a finished run stays as it is. */
  async cancelPipelineExecution(
    id: string,
    by: Principal,
    reason: string | undefined,
  ): Promise<Result<PipelineExecution, Problem>> {
    return this.#change(id, (draft) => {
      cancelExecutionOf(draft, by, reason);
      if (isTerminal(draft.head.status)) this.finalizePipelineExecution(draft);
      return null;
    });
  }

  /** Runs failed and canceled jobs again, and what was skipped because of them. */
  async retryPipelineExecution(id: string, by: Principal): Promise<Result<PipelineExecution, Problem>> {
    return this.#change(id, (draft) => {
      if (isBeingCanceled(draft)) return problem('conflict', 'the run is still being canceled');
      const retries = retriesOfPipeline(draft.execution, draft.index);
      if (retries.now.size + retries.anew.size === 0) return problem('conflict', 'no job has failed or was canceled');
      draft.record.retry(retries, { by, at: draft.at });
      this.#stages.executeNextStage(draft);
      return null;
    });
  }

  /** The run has come to its end: nothing of it is assigned any more. Works on a draft, inside the change of its caller. */
  finalizePipelineExecution(draft: ExecutionDraft): void {
    releaseAssignments(draft);
  }

  /** The report as of now. */
  async report(id: string): Promise<Result<Report, Problem>> {
    const found = await this.#parts.stores.executions.find(id);
    return found === null ? noSuchExecution(id) : success(buildReport(found.execution));
  }

  async #refuseSource(source: ExecutionSource): Promise<Problem | null> {
    if (source.kind === 'git') return sourceProblem(source.url);
    if (source.kind !== 'snapshot' || (await this.#parts.stores.snapshots.isComplete(source.id))) return null;
    return problem('snapshot_incomplete', `snapshot ${source.id} is not complete: offer it again, it lacks contents`);
  }

  async #change(id: string, change: (draft: ExecutionDraft) => Problem | null) {
    const changed = await this.#changes.change(id, change);
    if (changed === null) return noSuchExecution(id);
    return changed.result === null
      ? success(shownExecution(changed.execution))
      : { ok: false as const, error: changed.result };
  }
}

const noSuchExecution = (id: string) => refused('not_found', `there is no pipeline execution ${id}`);

/** The variables of a run that only the server knows. */
function runFacts(run: { id: string; runNumber: number; createdAt: string }): Record<string, string> {
  return {
    CI_PIPELINE_ID: run.id,
    CI_PIPELINE_IID: String(run.runNumber),
    CI_PIPELINE_CREATED_AT: run.createdAt,
  };
}

type GivenVariable = CreateExecution['variables'][number];

function asVariable({ name, value, secret, raw }: GivenVariable) {
  return { name, value, ...(secret === undefined ? {} : { secret }), ...(raw === undefined ? {} : { raw }) };
}

/** Labels are stored and shown: one that contains a secret never matches a worker. */
function asMasked(given: GivenVariable) {
  const variable = asVariable(given);
  return variable.secret === true ? { ...variable, value: '[MASKED]', raw: true } : variable;
}

/** The plan with its labels expanded: the queue compares them with those of workers. */
function withTags(
  plan: PipelinePlan,
  predefined: Readonly<Record<string, string>>,
  variables: ReturnType<typeof asVariable>[],
) {
  if (plan.stages.every(({ jobs }) => jobs.every(({ tags }) => tags.length === 0))) return plan;
  const stages = plan.stages.map((stage) => ({
    ...stage,
    jobs: stage.jobs.map((job) => ({ ...job, tags: expandTags(job, predefined, variables) })),
  }));
  return { ...plan, stages };
}

/** The plan with these jobs starting by themselves. */
function played(plan: PipelinePlan, names: readonly string[]): PipelinePlan {
  const result = playJobs(plan, names);
  if (!result.ok) throw new Error(`jobs of the plan cannot be played: ${result.error.message}`);
  return result.value;
}

function unknownJobs(plan: PipelinePlan, names: readonly string[]): { pointer: string; message: string }[] {
  const known = new Set(plan.stages.flatMap(({ jobs }) => jobs.map(({ name }) => name)));
  return names
    .flatMap((name, index) =>
      known.has(name) ? [] : [{ pointer: `/playedJobs/${index}`, message: `there is no job "${name}"` }],
    )
    .slice(0, shownErrors);
}

const shownErrors = 20;

const protocols = new Set(['http:', 'https:', 'ssh:', 'git:', 'git+ssh:', 'file:']);

/** Why workers are not to clone from an address; null when they may. */
function sourceProblem(url: string): Problem | null {
  const refuse = (message: string) =>
    problem('bad_request', 'the source is not valid', { errors: [{ pointer: '/source/url', message }] });
  // git@host:path; not `ext::command`, and nothing git could take for an option.
  if (/^(?:[\w.][\w.-]*@)?[\w.][\w.-]*:(?![:/])[^\s:][^\s]*$/.test(url)) return null;
  if (!URL.canParse(url)) return refuse('this is not the address of a repository');
  const { protocol, password, username } = new URL(url);
  if (!protocols.has(protocol)) return refuse(`repositories are not fetched over ${protocol}`);
  if (password !== '' || (username !== '' && protocol.startsWith('http'))) {
    return refuse('it carries a user name or password, which would be stored; give workers their own access instead');
  }
  return null;
}
