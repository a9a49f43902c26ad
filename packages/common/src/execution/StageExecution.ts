import type { ExecutionStatus } from './ExecutionStatus.ts';

/** The record of one stage; its status is the roll-up of its jobs. */
export interface StageExecution {
  readonly name: string;
  readonly status: ExecutionStatus;
  /** Succeeded with an allowed failure among its jobs. */
  readonly warnings: boolean;
  readonly startedAt: string | null;
  readonly completedAt: string | null;
}
