import type { ArtifactRef } from '../artifacts/ArtifactRef.ts';
import type { ExecutionStatus } from './ExecutionStatus.ts';
import type { FailureReason } from './FailureReason.ts';
import type { CallerAction } from './Principal.ts';

/** Milliseconds spent in each phase of an attempt. */
export interface PhaseTimings {
  /** From eligible to taken. */
  readonly queue: number;
  /** Image pull; 0 when it was present. */
  readonly pull: number;
  /** Workspace, container and artifacts of dependencies. */
  readonly prepare: number;
  /** `before_script`, `script` and `after_script`. */
  readonly script: number;
  /** Collecting and storing what the job keeps. */
  readonly artifacts: number;
}

/** One try at a job. A retried job keeps the earlier ones. */
export interface JobAttempt {
  /** Counts from 1. */
  readonly number: number;
  readonly status: ExecutionStatus;
  readonly failureReason: FailureReason | null;
  /** What went wrong, in one sentence, when the reason alone does not say it. */
  readonly failureMessage: string | null;
  readonly exitCode: number | null;
  readonly startedAt: string | null;
  readonly completedAt: string | null;
  readonly timings: PhaseTimings;
  readonly artifacts: readonly ArtifactRef[];
  /** Where its log is: relative to the report locally. */
  readonly log: string | null;
}

/** A variable that a person gave when playing a job; the value of a secret one is encrypted. */
export interface PlayVariable {
  readonly name: string;
  readonly value: string;
  readonly secret?: boolean;
  readonly raw?: boolean;
}

/** Something that a caller did with one job. */
export interface JobAction extends CallerAction {
  readonly kind: 'play' | 'retry' | 'cancel' | 'skip';
}

/** The record of one job of one pipeline execution. */
export interface JobExecution {
  readonly id: string;
  readonly name: string;
  readonly stage: string;
  readonly status: ExecutionStatus;
  /** The conclusion after `allow_failure`: this FAILED job does not fail its pipeline, this MANUAL one does not block it. */
  readonly allowFailure: boolean;
  /** Why it still waits or why it was skipped, in one sentence; null once it runs. */
  readonly waitingReason: string | null;
  /** The image as used, variables expanded. */
  readonly image: string;
  /** When its turn came. */
  readonly eligibleAt: string | null;
  /** A delayed job starts no earlier than this; null for any other, and once a person has played it. */
  readonly notBefore: string | null;
  /** The last thing that a caller did with this job; null if its run decided everything. */
  readonly lastAction: JobAction | null;
  /** Oldest first; empty until the first attempt starts. The last one counts. */
  readonly attempts: readonly JobAttempt[];
  /** Given when a person played it; not shown. */
  readonly playVariables?: readonly PlayVariable[];
}

/** A job's record as the API shows it. */
export type ShownJobExecution = Omit<JobExecution, 'playVariables'>;
