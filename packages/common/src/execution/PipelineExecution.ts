import type { ExecutionStatus } from './ExecutionStatus.ts';
import type { JobExecution, ShownJobExecution } from './JobExecution.ts';
import type { CallerAction, Principal } from './Principal.ts';
import type { StageExecution } from './StageExecution.ts';

/** Where the executed tree came from. */
export interface SourceInfo {
  /** Remote URL, or the path of a repository without remote. */
  readonly repository: string;
  readonly branch: string | null;
  /** Full commit hash; null outside a git repository. */
  readonly commit: string | null;
  /** The working tree had changes that are not in `commit`. */
  readonly dirty: boolean;
}

/** The record of one pipeline run with everything below it. */
export interface PipelineExecution {
  readonly id: string;
  readonly pipeline: string;
  readonly source: SourceInfo;
  /** Per repository and pipeline, counting up from 1. */
  readonly runNumber: number;
  /** What started it: `local`, `api`, … */
  readonly trigger: string;
  readonly status: ExecutionStatus;
  readonly warnings: boolean;
  /** Why it ended as it did when that is not a job's doing: `interrupted by Ctrl-C`. */
  readonly reason: string | null;
  /** Null if a version stored it that did not record callers. */
  readonly createdBy: Principal | null;
  /** A caller ends the run, or has ended it; null otherwise, and again once a caller brings it back. */
  readonly cancellation: CallerAction | null;
  /** The last time that a caller ran what had failed or was canceled again. */
  readonly lastRetry: CallerAction | null;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly completedAt: string | null;
  readonly stages: readonly StageExecution[];
  readonly jobs: readonly JobExecution[];
}

/** A run's record as the API shows it. */
export type ShownPipelineExecution = Omit<PipelineExecution, 'jobs'> & { readonly jobs: readonly ShownJobExecution[] };
