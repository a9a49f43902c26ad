import type { ArtifactRef } from '../artifacts/ArtifactRef.ts';
import type { FailureReason } from '../execution/FailureReason.ts';
import type { PhaseTimings } from '../execution/JobExecution.ts';
import type { LogChunk } from '../logs/LogChunk.ts';

/** What a running attempt is doing. */
export type JobPhase = 'dependencies' | 'pull' | 'prepare' | 'script' | 'after_script' | 'artifacts' | 'cleanup';

/** How an attempt ended, before `allow_failure` is applied. */
export interface JobOutcome {
  readonly status: 'SUCCESS' | 'FAILED' | 'CANCELED';
  readonly exitCode: number | null;
  readonly failureReason: FailureReason | null;
  readonly failureMessage: string | null;
  readonly timings: PhaseTimings;
  readonly artifacts: readonly ArtifactRef[];
}

/** What happens to one attempt, in order: phases, log and progress as they come, `finished` once and last. */
export type JobEvent =
  | { readonly type: 'phase'; readonly phase: JobPhase; readonly at: number }
  /** A command of the script begins; `index` counts from 0. */
  | { readonly type: 'command'; readonly index: number; readonly text: string; readonly at: number }
  | {
      readonly type: 'pull-progress';
      readonly image: string;
      /** Bytes so far and in all; total 0 while unknown. */
      readonly current: number;
      readonly total: number;
      readonly at: number;
    }
  | { readonly type: 'log'; readonly chunk: LogChunk }
  /** Something a person should know that does not fail the job. */
  | { readonly type: 'warning'; readonly message: string; readonly at: number }
  | { readonly type: 'finished'; readonly outcome: JobOutcome; readonly at: number };
