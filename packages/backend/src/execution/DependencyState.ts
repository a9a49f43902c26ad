import type { ExecutionStatus } from '@xx-pipeline/common';

/** Where a job stands that another one waits for. */
export interface DependencyState {
  readonly jobId: string;
  readonly jobName: string;
  readonly status: ExecutionStatus;
  readonly allowFailure: boolean;
}
