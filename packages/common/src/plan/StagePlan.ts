import type { JobPlan } from './JobPlan.ts';

/** A stage that has at least one job. */
export interface StagePlan {
  readonly name: string;
  /** In the order of the file. */
  readonly jobs: readonly JobPlan[];
}
