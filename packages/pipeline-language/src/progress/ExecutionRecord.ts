import type { CallerAction, JobExecution, JobOutcome, PipelineExecution, StageExecution } from '@xx-pipeline/common';
import { isTerminal } from '@xx-pipeline/common';
import { symbolOf } from './composite-status.ts';
import type { JobDecision } from './decide.ts';
import { canceled, decided, finished, handedBack, played, reset, retried, started } from './job-transitions.ts';
import type { PlanIndex } from './PlanIndex.ts';
import { rollUpSet } from './roll-up.ts';
import { StateCounts } from './StateCounts.ts';
import type { Retries } from './select-retries.ts';

/** The record of a run without its stages and jobs. */
export type ExecutionHead = Omit<PipelineExecution, 'stages' | 'jobs'>;

/** The start of an attempt. */
export interface AttemptStart {
  readonly at: string;
  /** The one used, variables expanded. */
  readonly image: string;
  /** Where its log can be read. */
  readonly log?: string | null;
}

interface StageState {
  record: StageExecution;
  readonly counts: StateCounts;
}

/**
 * The records of a run while it changes: the only place that derives stages and pipeline from jobs. States are counted,
 * so a change of one job costs the same in a pipeline of ten jobs and of ten thousand.
 *
 *   PipelineExecution --> ExecutionRecord --(changes)*--> snapshot() --> PipelineExecution
 *
 * Records of jobs and stages that did not change stay the same objects, and so does the whole if nothing did. Times are
 * ISO 8601. An unknown job and a change that the table of statuses forbids are bugs and throw.
 */
export class ExecutionRecord {
  readonly #index: PlanIndex;
  #head: PipelineExecution;
  readonly #jobs: JobExecution[];
  readonly #positions: ReadonlyMap<string, number>;
  readonly #stages: ReadonlyMap<string, StageState>;
  readonly #counts = new StateCounts();
  #snapshot: PipelineExecution | null;

  /** The jobs of the record must be those of the plan, in the same order. */
  constructor(execution: PipelineExecution, index: PlanIndex) {
    this.#index = index;
    this.#head = execution;
    this.#snapshot = execution;
    this.#jobs = [...execution.jobs];
    this.#positions = new Map(execution.jobs.map((job, position) => [job.id, position]));
    this.#stages = new Map(execution.stages.map((record) => [record.name, { record, counts: new StateCounts() }]));
    for (const job of execution.jobs) this.#count(job, 1);
  }

  /** Everything but jobs and stages. */
  get head(): ExecutionHead {
    return this.#head;
  }

  /** Every job, in order of the plan. */
  get jobs(): readonly JobExecution[] {
    return this.#jobs;
  }

  job(jobId: string): JobExecution {
    const job = this.#jobs[this.#positions.get(jobId) ?? -1];
    if (job === undefined) throw new Error(`pipeline execution ${this.#head.id} has no job ${jobId}`);
    return job;
  }

  /** The whole record as it is now. */
  snapshot(): PipelineExecution {
    this.#snapshot ??= {
      ...this.#head,
      stages: Array.from(this.#stages.values(), ({ record }) => record),
      jobs: [...this.#jobs],
    };
    return this.#snapshot;
  }

  /** Facts that become known while the run is under way. */
  setFacts(
    facts: Partial<Pick<PipelineExecution, 'source' | 'runNumber' | 'reason' | 'cancellation' | 'lastRetry'>>,
  ): void {
    this.#setHead({ ...this.#head, ...facts });
  }

  /** Applies decisions of `nextJobs` or a tracker. */
  apply(decisions: readonly JobDecision[], at: string): void {
    for (const decision of decisions) {
      const job = this.#jobs[this.#index.numberOf.get(decision.job.name) ?? -1];
      if (job === undefined) throw new Error(`the plan has no job "${decision.job.name}"`);
      this.#replace(job, decided(job, decision, at), at);
    }
  }

  /**
   * Starts a manual job, or a delayed one before its time. `anew`: jobs that were skipped because it was not played; their
   * turn comes anew.
   */
  play(jobId: string, action: CallerAction, anew: ReadonlySet<string> = new Set()): void {
    const { at } = action;
    this.#change(jobId, at, (job) => played(job, action));
    if (anew.size > 0) this.#changeAll(at, (job) => (anew.has(job.id) ? reset(job) : job));
  }

  startAttempt(jobId: string, { at, image, log = null }: AttemptStart): JobExecution {
    return this.#change(jobId, at, (job) => started(job, at, image, log));
  }

  /** An attempt ends; the job is then done, or PENDING for another one. */
  finishAttempt(
    jobId: string,
    outcome: JobOutcome,
    { at, log }: { readonly at: string; readonly log: string | null },
  ): JobExecution {
    // A person who cancels a whole pipeline wants to see it CANCELED, also where `allow_failure` would excuse its last job.
    const isEnding = this.#head.cancellation !== null && outcome.status === 'CANCELED';
    return this.#change(jobId, at, (job) => {
      const plan = this.#index.jobs[this.#index.numberOf.get(job.name) ?? -1];
      if (plan === undefined) throw new Error(`the plan has no job "${job.name}"`);
      const after = finished(job, plan, outcome, at, log);
      return isEnding ? { ...after, allowFailure: false } : after;
    });
  }

  /** The worker of an attempt rejected it or gives it back: the job waits for another one, whatever its `retry` says. */
  handBack(
    jobId: string,
    facts: { readonly at: string; readonly message: string; readonly log: string | null },
  ): JobExecution {
    return this.#change(jobId, facts.at, (job) => handedBack(job, facts));
  }

  /** Cancels one job, whatever it was doing; its running attempt, if any, is over. */
  cancelJob(jobId: string, { at, message }: { readonly at: string; readonly message: string }): JobExecution {
    return this.#change(jobId, at, (job) => canceled(job, at, message));
  }

  /** Changes something of a job's record that is not its status. */
  note(jobId: string, at: string, change: (job: JobExecution) => JobExecution): JobExecution {
    return this.#change(jobId, at, (job) => {
      const noted = change(job);
      if (noted.status !== job.status) throw new Error(`a note changed the status of "${job.name}"`);
      return noted;
    });
  }

  /** Runs jobs again. A cancellation of the run, and the reason for which it ended, are removed. */
  retry({ now, anew }: Retries, action: CallerAction): void {
    this.setFacts({ reason: null, cancellation: null, lastRetry: action });
    this.#changeAll(action.at, (job) => {
      if (now.has(job.id)) return retried(job, action);
      return anew.has(job.id) ? reset(job) : job;
    });
  }

  /** Begins to end the pipeline: nothing of it starts any more. Its jobs stay as they are until they are canceled. */
  beginCancel(reason: string, cancellation: CallerAction): void {
    this.setFacts({ reason, cancellation });
  }

  /** Ends the pipeline: what has not started is CANCELED, running attempts still have to finish. */
  cancel(reason: string, cancellation: CallerAction): void {
    const { at } = cancellation;
    this.beginCancel(reason, cancellation);
    this.#changeAll(at, (job) => (job.status === 'RUNNING' ? job : canceled(job, at, reason)));
  }

  /** Sets the time of completion: nothing more will happen, though a manual job may be left. */
  close(at: string): void {
    this.#setHead({ ...this.#head, completedAt: this.#head.completedAt ?? at });
  }

  #changeAll(at: string, change: (job: JobExecution) => JobExecution): void {
    for (const job of this.#jobs) this.#replace(job, change(job), at);
  }

  #change(jobId: string, at: string, change: (job: JobExecution) => JobExecution): JobExecution {
    const before = this.job(jobId);
    const after = change(before);
    this.#replace(before, after, at);
    return after;
  }

  #replace(before: JobExecution, after: JobExecution, at: string): void {
    if (after === before) return;
    this.#jobs[this.#positions.get(before.id) ?? -1] = after;
    this.#count(before, -1);
    this.#count(after, 1);
    const hasBegun = after.attempts.length > 0;
    const stage = this.#stages.get(after.stage);
    if (stage !== undefined) stage.record = rolledUp(stage.record, stage.counts, hasBegun, at);
    this.#setHead(rolledUp(this.#head, this.#counts, hasBegun, at));
  }

  #count(job: JobExecution, by: 1 | -1): void {
    const symbol = symbolOf(job);
    this.#stages.get(job.stage)?.counts.add(symbol, by);
    this.#counts.add(symbol, by);
  }

  #setHead(head: PipelineExecution): void {
    this.#head = head;
    this.#snapshot = null;
  }
}

/** The record with the status, warnings and times that follow from its jobs. */
function rolledUp<T extends StageExecution | PipelineExecution>(
  record: T,
  counts: StateCounts,
  hasBegun: boolean,
  at: string,
): T {
  const { status, warnings } = rollUpSet(counts.set);
  const startedAt = record.startedAt ?? (hasBegun ? at : null);
  const completedAt = isTerminal(status) ? (record.completedAt ?? at) : null;
  const isSame = record.status === status && record.warnings === warnings;
  if (isSame && record.startedAt === startedAt && record.completedAt === completedAt) return record;
  return { ...record, status, warnings, startedAt, completedAt };
}
