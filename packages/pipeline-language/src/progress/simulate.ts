import type { JobPlan, PipelinePlan } from '@xx-pipeline/common';
import type { JobDecision } from './decide.ts';
import { indexPlan } from './PlanIndex.ts';
import { ProgressTracker } from './ProgressTracker.ts';

/** One job of a simulated run. */
export interface WaveJob {
  readonly job: JobPlan;
  /** `wait`: its turn never comes, because of a manual job that is not played. */
  readonly decision: JobDecision['decision'] | 'wait';
  readonly reason: string;
}

/** Jobs whose turn comes at the same time, if all jobs took equally long. */
export interface Wave {
  readonly jobs: readonly WaveJob[];
}

/** The run of a plan if every job succeeds and no manual job is played. */
export function simulate(plan: PipelinePlan): Wave[] {
  const index = indexPlan(plan);
  const tracker = new ProgressTracker(index);
  const undecided = new Map(index.jobs.map((job) => [job.name, job]));
  const blocking: string[] = [];
  const waves: Wave[] = [];
  for (let decisions = tracker.decide(); decisions.length > 0; decisions = tracker.decide()) {
    waves.push({ jobs: decisions });
    for (const { job, decision } of decisions) {
      undecided.delete(job.name);
      if (decision === 'start' || decision === 'delay')
        tracker.set(job.name, { status: 'SUCCESS', allowFailure: false });
      if (decision === 'manual' && job.allowFailure !== true) blocking.push(job.name);
    }
  }
  if (undecided.size > 0) {
    const reason = `waits for manual job ${blocking.map((name) => `"${name}"`).join(', ')}`;
    waves.push({ jobs: [...undecided.values()].map((job) => ({ job, decision: 'wait', reason })) });
  }
  return waves;
}
