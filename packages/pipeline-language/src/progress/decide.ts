import { type ExecutionStatus, type JobPlan, unreachable, type When } from '@xx-pipeline/common';

/** The decision about a job whose turn has come, or can no longer come. */
export interface JobDecision {
  readonly job: JobPlan;
  readonly decision: 'start' | 'manual' | 'delay' | 'skip';
  /** One sentence for people: `needs "build"`, `skipped: "build" failed`. */
  readonly reason: string;
}

/** The status of the jobs before one, once they are settled. */
export type Previous = Extract<ExecutionStatus, 'SUCCESS' | 'FAILED' | 'CANCELED' | 'SKIPPED'>;

/** Whether a job runs after what came before it. `needs` jobs are stricter: what was skipped skips them too. */
export function admits(when: When, previous: Previous, hasNeeds: boolean): boolean {
  switch (when) {
    case 'on_success':
    case 'manual':
    case 'delayed':
      return previous === 'SUCCESS' || (previous === 'SKIPPED' && !hasNeeds);
    case 'on_failure':
      return previous === 'FAILED';
    case 'always':
      return previous !== 'CANCELED';
    default:
      return unreachable(when);
  }
}

/** The decision about a job that is admitted. */
export function actionOf(when: When): 'start' | 'manual' | 'delay' {
  if (when === 'manual') return 'manual';
  return when === 'delayed' ? 'delay' : 'start';
}
