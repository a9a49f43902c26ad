import type { JobExecution, PipelineExecution } from '@xx-pipeline/common';
import type { PlanIndex } from './PlanIndex.ts';

/** Ids of the jobs that run again at once, and of those whose turn has to come anew. */
export interface Retries {
  readonly now: ReadonlySet<string>;
  readonly anew: ReadonlySet<string>;
}

/**
 * The jobs that a retry of a whole pipeline touches: failed and canceled ones, and those skipped because of them. Jobs
 * after one that runs again wait for it.
 */
export function retriesOfPipeline(execution: PipelineExecution, index: PlanIndex): Retries {
  const targets = numbersOf(execution, ({ status }) => status === 'FAILED' || status === 'CANCELED');
  const behind = dependentsOf(index, targets);
  const isFirst = (number: number) => !behind.has(number) && wasEligible(execution.jobs[number]);
  const skipped = [...behind].filter((number) => execution.jobs[number]?.status === 'SKIPPED');
  const { yes: now = [], no: later = [] } = Object.groupBy(targets, (number) => (isFirst(number) ? 'yes' : 'no'));
  return { now: idsOf(execution, now), anew: idsOf(execution, [...later, ...skipped]) };
}

/** The jobs that a retry of one job touches: itself at once, and those skipped or canceled because of it. */
export function retriesOfJob(execution: PipelineExecution, index: PlanIndex, jobId: string): Retries {
  const targets = numbersOf(execution, ({ id }) => id === jobId);
  return { now: idsOf(execution, targets), anew: idsOf(execution, stoppedBehind(execution, index, targets)) };
}

/** The ids of the jobs that were skipped or canceled, before their turn, because of a job before them. */
export function stoppedDependents(execution: PipelineExecution, index: PlanIndex, jobId: string): ReadonlySet<string> {
  return idsOf(
    execution,
    stoppedBehind(
      execution,
      index,
      numbersOf(execution, ({ id }) => id === jobId),
    ),
  );
}

function stoppedBehind(execution: PipelineExecution, index: PlanIndex, targets: readonly number[]): number[] {
  return [...dependentsOf(index, targets)].filter((number) => {
    const job = execution.jobs[number];
    return job?.status === 'SKIPPED' || (job?.status === 'CANCELED' && !wasEligible(job));
  });
}

/** All jobs that come after some others, by needs or by stages, directly or not. */
function dependentsOf(index: PlanIndex, targets: readonly number[]): Set<number> {
  const found = new Set<number>();
  const open = [...targets];
  let ordered = index.stageOrdered.length;
  for (let number = open.pop(); number !== undefined; number = open.pop()) {
    const next = [...(index.dependents[number] ?? [])];
    // Jobs of later stages that are ordered by stages wait for this one.
    for (const after = (index.stageOf[number] ?? 0) + 1; ordered > after; ) {
      ordered -= 1;
      next.push(...(index.stageOrdered[ordered] ?? []));
    }
    for (const dependent of next) {
      if (found.has(dependent)) continue;
      found.add(dependent);
      open.push(dependent);
    }
  }
  return found;
}

/** Jobs of a record are in the order of its plan's index. */
function numbersOf(execution: PipelineExecution, isWanted: (job: JobExecution) => boolean): number[] {
  return execution.jobs.flatMap((job, number) => (isWanted(job) ? [number] : []));
}

const idsOf = (execution: PipelineExecution, numbers: readonly number[]): Set<string> =>
  new Set(numbers.flatMap((number) => execution.jobs[number]?.id ?? []));

/** Its turn had come; a delayed one's, though its time had not. */
const wasEligible = (job: JobExecution | undefined): boolean => job !== undefined && job.eligibleAt !== null;
