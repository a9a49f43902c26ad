import type { ExecutionStatus } from '../execution/ExecutionStatus.ts';

/** The state of a job that another job waits for. */
export interface DependencyState {
  readonly jobId: string;
  readonly jobName: string;
  readonly status: ExecutionStatus;
  /** A failure of the job counts as done. */
  readonly allowFailure: boolean;
}
