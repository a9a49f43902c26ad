import type { ExecutionStatus } from '../execution/ExecutionStatus.ts';
import type { FailureReason } from '../execution/FailureReason.ts';
import type { PhaseTimings } from '../execution/JobExecution.ts';

/** What a worker tells about a job; `jobId` and `status` are enough. */
export interface JobStatusUpdate {
  readonly jobId: string;
  readonly status: ExecutionStatus;
  /** Text to append to the log. */
  readonly logs?: string;
  /** The last bytes of the log, framed, in base64; the first of them has this offset. They come before the status. */
  readonly log?: { readonly offset: number; readonly frames: string };
  readonly exitCode?: number;
  readonly failureReason?: FailureReason;
  /** What went wrong, in one sentence. */
  readonly failureMessage?: string;
  readonly attempt?: number;
  readonly token?: string;
  readonly timings?: PhaseTimings;
  /** The image as used, variables expanded. */
  readonly image?: string;
}
