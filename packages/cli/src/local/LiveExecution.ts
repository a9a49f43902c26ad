import {
  type ExecutionStatus,
  isTerminal,
  type JobExecution,
  type PipelineExecution,
  type StageExecution,
} from '@xx-pipeline/common';
import { type JobState, pipelineClosed, rollUp } from '@xx-pipeline/pipeline-language';

/** A change of records, as the language package defines them. */
export type RecordChange = (execution: PipelineExecution) => PipelineExecution;

/**
 * The records of a run under way. The rules of change are the language package's; applied to one job at a time, with
 * the roll-up kept by counting, a change costs the same in a pipeline of ten jobs and of ten thousand.
 */
export class LiveExecution {
  #head: PipelineExecution;
  readonly #jobs: JobExecution[];
  readonly #positions: ReadonlyMap<string, number>;
  readonly #stages: Map<string, StageExecution>;
  readonly #states = new Map<string, StateCounts>();
  readonly #allStates = new StateCounts();

  constructor(execution: PipelineExecution) {
    this.#head = execution;
    this.#jobs = [...execution.jobs];
    this.#positions = new Map(execution.jobs.map((job, position) => [job.id, position]));
    this.#stages = new Map(execution.stages.map((stage) => [stage.name, stage]));
    for (const stage of execution.stages) this.#states.set(stage.name, new StateCounts());
    for (const job of execution.jobs) this.#count(job, 1);
  }

  /** Everything but jobs and stages. */
  get head(): PipelineExecution {
    return this.#head;
  }

  /** The record of a job; an unknown id is a bug. */
  job(jobId: string): JobExecution {
    const job = this.#jobs[this.#positions.get(jobId) ?? -1];
    if (job === undefined) throw new Error(`pipeline execution ${this.#head.id} has no job ${jobId}`);
    return job;
  }

  /** Every job as it stands, in order of the plan. */
  get jobs(): readonly JobExecution[] {
    return this.#jobs;
  }

  /** Facts that become known only while the run goes on. */
  setFacts(facts: Partial<Pick<PipelineExecution, 'source' | 'runNumber' | 'reason'>>): void {
    this.#head = { ...this.#head, ...facts };
  }

  /** Changes one job at a time; `at` is ISO 8601. Returns its new record. */
  change(jobId: string, at: string, change: RecordChange): JobExecution {
    const before = this.job(jobId);
    const [after] = change({ ...this.#head, stages: [], jobs: [before] }).jobs;
    if (after === undefined) throw new Error(`the change lost job ${jobId}`);
    return this.replace(after, at);
  }

  /** Puts a changed record in place. */
  replace(after: JobExecution, at: string): JobExecution {
    const before = this.job(after.id);
    this.#jobs[this.#positions.get(after.id) ?? -1] = after;
    this.#count(before, -1);
    this.#count(after, 1);
    const begun = after.attempts.length > 0;
    const stage = this.#stages.get(after.stage);
    const states = this.#states.get(after.stage);
    if (stage !== undefined && states !== undefined) {
      this.#stages.set(after.stage, withStatus(stage, states, begun, at));
    }
    this.#head = withStatus(this.#head, this.#allStates, begun, at);
    return after;
  }

  /** Nothing more will happen. */
  close(at: string): void {
    this.#head = pipelineClosed(this.#head, at);
  }

  /** The whole record as it stands. */
  snapshot(): PipelineExecution {
    return { ...this.#head, stages: [...this.#stages.values()], jobs: [...this.#jobs] };
  }

  #count(job: JobExecution, by: 1 | -1): void {
    this.#states.get(job.stage)?.add(job, by);
    this.#allStates.add(job, by);
  }
}

/** The log of an attempt can be read while it runs. */
export function withLog(execution: PipelineExecution, log: string): PipelineExecution {
  const jobs = execution.jobs.map((job) => ({
    ...job,
    attempts: job.attempts.map((attempt) => (attempt.status === 'RUNNING' ? { ...attempt, log } : attempt)),
  }));
  return { ...execution, jobs };
}

function withStatus<T extends StageExecution | PipelineExecution>(
  record: T,
  states: StateCounts,
  begun: boolean,
  at: string,
): T {
  const { status, warnings } = rollUp(states.present());
  const startedAt = record.startedAt ?? (begun ? at : null);
  const completedAt = isTerminal(status) ? (record.completedAt ?? at) : null;
  if (
    record.status === status &&
    record.warnings === warnings &&
    record.startedAt === startedAt &&
    record.completedAt === completedAt
  ) {
    return record;
  }
  return { ...record, status, warnings, startedAt, completedAt };
}

/** How many jobs are in each state. */
class StateCounts {
  readonly #counts = new Map<string, { readonly state: JobState; count: number }>();

  add({ status, allowFailure }: JobState, by: number): void {
    const key: `${ExecutionStatus} ${boolean}` = `${status} ${allowFailure}`;
    const known = this.#counts.get(key);
    if (known === undefined) this.#counts.set(key, { state: { status, allowFailure }, count: by });
    else known.count += by;
  }

  *present(): Generator<JobState> {
    for (const { state, count } of this.#counts.values()) if (count > 0) yield state;
  }
}
