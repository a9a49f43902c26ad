import type { ArtifactRef } from '../artifacts/ArtifactRef.ts';
import type { ExecutionStatus } from '../execution/ExecutionStatus.ts';
import type { FailureReason } from '../execution/FailureReason.ts';
import type { JobAttempt, PhaseTimings } from '../execution/JobExecution.ts';

/** One job of a report; the fields of its last attempt stand on top. */
export interface JobReport {
  readonly id: string;
  readonly name: string;
  readonly status: ExecutionStatus;
  readonly allowFailure: boolean;
  readonly failureReason: FailureReason | null;
  readonly failureMessage: string | null;
  /** Why it waits or was skipped; null otherwise. */
  readonly waitingReason: string | null;
  readonly exitCode: number | null;
  readonly image: string;
  readonly startedAt: string | null;
  readonly completedAt: string | null;
  readonly timings: PhaseTimings;
  /** All attempts, oldest first. */
  readonly attempts: readonly JobAttempt[];
  readonly artifacts: readonly ArtifactRef[];
  /** Percentage read from the log; null without `coverage`. */
  readonly coverage: number | null;
  /** The last attempt's log, relative to the report. */
  readonly log: string | null;
}

/** One stage of a report. */
export interface StageReport {
  readonly name: string;
  readonly status: ExecutionStatus;
  readonly warnings: boolean;
  readonly startedAt: string | null;
  readonly completedAt: string | null;
  readonly jobs: readonly JobReport[];
}

/** A run as people and programs read it: the same shape for local runs and for the server's. */
export interface Report {
  readonly schemaVersion: 1;
  readonly id: string;
  readonly pipeline: string;
  readonly repository: string;
  readonly branch: string | null;
  readonly commit: string | null;
  /** The tree had uncommitted changes. */
  readonly dirty: boolean;
  readonly runNumber: number;
  readonly trigger: string;
  readonly status: ExecutionStatus;
  readonly warnings: boolean;
  /** Why it ended, when that is not a job's doing. */
  readonly reason: string | null;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly completedAt: string | null;
  readonly stages: readonly StageReport[];
}
