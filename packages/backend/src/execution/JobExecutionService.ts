import type { ArtifactRef, ExecutionStatus, JobExecution, JobStatusUpdate, Result } from '@xx-pipeline/common';
import { isTerminal, type Principal, principalName, success, unreachable } from '@xx-pipeline/common';
import { type Problem, problem, refused } from '@xx-pipeline/common/api';
import {
  dueAt,
  type JobDecision,
  type PipelineVariable,
  retriesOfJob,
  stoppedDependents,
} from '@xx-pipeline/pipeline-language';
import type { TokenHolder } from '@xx-pipeline/service';
import type { SecretBox } from '../secrets/SecretBox.ts';
import { principalOf } from './attempt-token.ts';
import { currentAttempt, decideUpdate, type UpdateDecision } from './decide-update.ts';
import {
  applyDecisions,
  attemptLog,
  cancelJobFor,
  concludeAttempt,
  handBack,
  isBeingCanceled,
  noteAction,
} from './draft-steps.ts';
import type { ExecutionChanges } from './ExecutionChanges.ts';
import { type ExecutionDraft, shownJob } from './ExecutionDraft.ts';
import type { ExecutionParts } from './execution-parts.ts';
import { makeUnassignedRequest, sealVariable } from './make-job-request.ts';
import type { StageExecutionService } from './StageExecutionService.ts';
import { StatusLogs } from './StatusLogs.ts';

/** The result of an update. */
export interface JobStatusAnswer {
  readonly jobId: string;
  /** Now. */
  readonly status: ExecutionStatus;
  readonly cancelRequested: boolean;
}

/** Changes of one job: updates of workers, actions of people. */
export class JobExecutionService {
  readonly #parts: ExecutionParts;
  readonly #changes: ExecutionChanges;
  readonly #stages: StageExecutionService;
  readonly #logs: StatusLogs;

  constructor(parts: ExecutionParts, changes: ExecutionChanges, stages: StageExecutionService) {
    this.#parts = parts;
    this.#changes = changes;
    this.#stages = stages;
    this.#logs = new StatusLogs(parts.stores.logs, parts.clock);
  }

  /** Applies what was decided about jobs of one stage: those that start are PENDING from then on. */
  executeJobsForStage(draft: ExecutionDraft, stage: string, decisions: readonly JobDecision[]): void {
    applyDecisions(draft, stage, decisions);
  }

  /**
   * Applies a status update; the same update twice counts once. Callers of kind `job` need no check before:
   * token and attempt are checked here, also against `update.token`.
   */
  async updateJobExecutionStatus(
    update: JobStatusUpdate,
    caller: TokenHolder,
  ): Promise<Result<JobStatusAnswer, Problem>> {
    const { jobId } = update;
    const executionId = await this.#parts.stores.executions.executionOfJob(jobId);
    if (executionId === null) return noSuchJob(jobId);
    if (update.logs !== undefined && update.logs !== '') {
      const refusal = await this.#appendLogs(executionId, update, update.logs, caller);
      if (refusal !== null) return { ok: false, error: refusal };
    }
    const changed = await this.#changes.change(executionId, (draft) => {
      const job = draft.job(jobId);
      const decision = decideUpdate(update, caller, { job, assignment: draft.assignments.get(jobId) });
      if (decision.kind === 'refuse') return { refusal: decision.problem, answer: null };
      this.#apply(draft, job, decision, update, caller);
      const cancelRequested = draft.assignments.get(jobId)?.cancelRequested ?? false;
      return { refusal: null, answer: { jobId, status: draft.job(jobId).status, cancelRequested } };
    });
    if (changed === null) return noSuchJob(jobId);
    const { refusal, answer } = changed.result;
    return answer === null ? { ok: false, error: refusal } : success(answer);
  }

  /** A person starts a manual job, or a delayed one before its time. */
  async playJob(
    jobId: string,
    by: Principal,
    variables: readonly PipelineVariable[],
  ): Promise<Result<JobExecution, Problem>> {
    return this.#changeJob(jobId, (draft) => {
      const job = draft.job(jobId);
      const isDelayed = job.status === 'PENDING' && dueAt(job) > draft.now;
      if (job.status !== 'MANUAL' && !isDelayed) {
        return problem('conflict', `job "${job.name}" does not wait for a person: it is ${job.status}`);
      }
      const anew = isDelayed ? undefined : stoppedDependents(draft.execution, draft.index, jobId);
      draft.record.play(jobId, { by, at: draft.at }, anew);
      if (variables.length > 0) this.#keepVariables(draft, jobId, variables);
      this.#stages.executeNextStage(draft);
      return null;
    });
  }

  /** A person runs a finished job again. */
  async retryJob(jobId: string, by: Principal): Promise<Result<JobExecution, Problem>> {
    return this.#changeJob(jobId, (draft) => {
      const job = draft.job(jobId);
      if (job.status === 'SKIPPED') {
        return problem('conflict', `job "${job.name}" was skipped: retry the job because of which it was`);
      }
      if (!isTerminal(job.status)) return problem('conflict', `job "${job.name}" is not finished: it is ${job.status}`);
      if (isBeingCanceled(draft)) return problem('conflict', 'the run is still being canceled');
      draft.record.retry(retriesOfJob(draft.execution, draft.index, jobId), { by, at: draft.at });
      this.#stages.executeNextStage(draft);
      return null;
    });
  }

  /** A person cancels one job; a finished one stays as it is. */
  async cancelJob(jobId: string, by: Principal): Promise<Result<JobExecution, Problem>> {
    return this.#changeJob(jobId, (draft) => {
      cancelJobFor(draft, draft.job(jobId), by);
      if (isTerminal(draft.job(jobId).status)) this.#stages.finalizeStageExecution(draft);
      return null;
    });
  }

  /** Notes a stored archive in the record of its attempt; the same one twice is one. */
  async recordArtifact(jobId: string, attempt: number, ref: ArtifactRef): Promise<Result<null, Problem>> {
    const changed = await this.#changeJob(jobId, (draft) => {
      const { name, attempts } = draft.job(jobId);
      if (!attempts.some(({ number }) => number === attempt)) {
        return problem('conflict', `attempt ${attempt} of job "${name}" has not started`);
      }
      draft.record.note(jobId, draft.at, (job) => withArtifact(job, attempt, ref));
      return null;
    });
    return changed.ok ? success(null) : changed;
  }

  #apply(
    draft: ExecutionDraft,
    job: JobExecution,
    decision: Exclude<UpdateDecision, { kind: 'refuse' }>,
    update: JobStatusUpdate,
    caller: TokenHolder,
  ): void {
    // The worker that runs it must learn that another caller has decided about it.
    const assignment = draft.assignments.get(job.id);
    const isForeign = assignment !== undefined && caller.kind !== 'job' && update.token === undefined;
    if (isForeign && decision.kind !== 'nothing' && decision.kind !== 'start') draft.tellCancel(assignment);
    switch (decision.kind) {
      case 'nothing':
        return;
      case 'start':
        this.#start(draft, job, update);
        return;
      case 'finish': {
        if (decision.isStarting) this.#start(draft, job, update);
        const { outcome } = decision;
        const queue = outcome.timings.queue + queuedFor(draft.job(job.id));
        concludeAttempt(draft, job.id, { ...outcome, timings: { ...outcome.timings, queue } });
        return;
      }
      case 'hand-back':
        handBack(draft, job.id, 'its worker handed it back');
        return;
      case 'cancel':
        cancelJobFor(draft, job, principalOf(caller));
        this.#stages.finalizeStageExecution(draft);
        return;
      case 'skip':
        draft.unassign(job.id);
        this.executeJobsForStage(draft, job.stage, [
          { job: draft.planOf(job), decision: 'skip', reason: `skipped by ${principalName(principalOf(caller))}` },
        ]);
        noteAction(draft, job, 'skip', principalOf(caller));
        this.#stages.finalizeStageExecution(draft);
        return;
      default:
        unreachable(decision);
    }
  }

  #start(draft: ExecutionDraft, job: JobExecution, update: JobStatusUpdate): void {
    const assignment = draft.assignments.get(job.id);
    const image = update.image ?? this.#imageOf(draft, job);
    const log = attemptLog(job.id, currentAttempt({ job, assignment }));
    draft.record.startAttempt(job.id, { at: draft.at, image, log });
    if (assignment !== undefined)
      draft.assign({ ...assignment, accepted: true, leaseUntil: draft.now + this.#parts.leases.leaseMs });
  }

  /** The image with variables expanded, for updates that do not name it. */
  #imageOf(draft: ExecutionDraft, job: JobExecution): string {
    if (!job.image.includes('$')) return job.image;
    const request = makeUnassignedRequest(draft, job, 1, { ...this.#parts, secrets: masking });
    if (!request.ok) return job.image;
    return request.value.image.name;
  }

  #keepVariables(draft: ExecutionDraft, jobId: string, variables: readonly PipelineVariable[]): void {
    const { id } = draft.head;
    const playVariables = variables.map((variable) => sealVariable(variable, id, this.#parts.secrets));
    draft.record.note(jobId, draft.at, (job) => ({ ...job, playVariables }));
  }

  /** Appends the text of an update, unless the update is refused or was applied before. */
  async #appendLogs(
    executionId: string,
    update: JobStatusUpdate,
    text: string,
    caller: TokenHolder,
  ): Promise<Problem | null> {
    const found = await this.#parts.stores.executions.find(executionId);
    const job = found?.execution.jobs.find(({ id }) => id === update.jobId);
    if (found === null || job === undefined) return null;
    const situation = { job, assignment: found.assignments.get(update.jobId) };
    const decision = decideUpdate(update, caller, situation);
    if (decision.kind === 'refuse') return decision.problem;
    const key = { jobId: job.id, attempt: currentAttempt(situation) };
    if (isTerminal(update.status)) {
      if (decision.kind !== 'nothing') await this.#logs.appendOnce(key, text);
    } else await this.#logs.append(key, text);
    return null;
  }

  async #changeJob(
    jobId: string,
    change: (draft: ExecutionDraft) => Problem | null,
  ): Promise<Result<JobExecution, Problem>> {
    const changed = await this.#changes.changeJob(jobId, change);
    if (changed === null) return noSuchJob(jobId);
    const job = changed.execution.jobs.find(({ id }) => id === jobId);
    if (job === undefined) return noSuchJob(jobId);
    return changed.result === null ? success(shownJob(job)) : { ok: false, error: changed.result };
  }
}

const noSuchJob = (jobId: string) => refused('not_found', `there is no job ${jobId}`);

/** For texts that are shown. */
const masking: Pick<SecretBox, 'open'> = { open: () => success('[MASKED]') };

/** Milliseconds from eligible to started, by the server's clock. */
function queuedFor({ eligibleAt, attempts }: JobExecution): number {
  const startedAt = attempts.at(-1)?.startedAt ?? null;
  if (eligibleAt === null || startedAt === null) return 0;
  return Math.max(0, Date.parse(startedAt) - Date.parse(eligibleAt));
}

function withArtifact(job: JobExecution, number: number, ref: ArtifactRef): JobExecution {
  const attempts = job.attempts.map((attempt) => {
    if (attempt.number !== number) return attempt;
    return { ...attempt, artifacts: [...attempt.artifacts.filter(({ name }) => name !== ref.name), ref] };
  });
  return { ...job, attempts };
}
