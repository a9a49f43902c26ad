import type { JobOutcome } from '@xx-pipeline/common';
import type { OnJobEvent } from '../log/EventStream.ts';
import type { ReportedLog } from '../log/ReportedLog.ts';

/** Gives a slot back. */
export type ReleaseSlot = () => void;

/** The connections of an attempt to its caller: what it listens to, asks for and reports. */
export interface AttemptSignals {
  /** Cancels: TERM, grace time, KILL; `after_script` still runs. */
  readonly signal: AbortSignal;
  /** Ends at once: KILL, no `after_script`, no artifacts. Cancels too. */
  readonly kill?: AbortSignal;
  /** Called when nothing but a free slot is missing. */
  readonly acquireSlot?: () => Promise<ReleaseSlot>;
  /**
   * The attempt's container waits in a queue of its engine's own (true), or no longer does (false): meanwhile the
   * attempt does not need its slot. It takes none again when its container starts: that has a place already.
   */
  readonly onQueued?: (isQueued: boolean) => void;
  readonly onEvent: OnJobEvent;
  /** Called when the outcome is decided and before the container is removed; its promise is waited for. */
  readonly onDecided?: (outcome: JobOutcome) => void | Promise<void>;
  /** The log that an earlier process has reported of this attempt. */
  readonly reportedLog?: ReportedLog;
  /** An earlier process began the script at this time (ms): `prepared` holds its container. */
  readonly begunAt?: number;
}
