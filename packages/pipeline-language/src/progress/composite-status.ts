import { type ExecutionStatus, unreachable } from '@xx-pipeline/common';

/** The state of a job, as far as it matters to other jobs. */
export interface JobState {
  readonly status: ExecutionStatus;
  /** A FAILED or CANCELED job that does not count as such; a MANUAL job that need not be played. */
  readonly allowFailure: boolean;
}

/** Bits of a set of job states; sets unite with `|`. */
export const StateBit = {
  created: 1,
  pending: 2,
  running: 4,
  success: 8,
  failed: 16,
  canceled: 32,
  skipped: 64,
  manual: 128,
  /** Failed or canceled, but allowed to. */
  warn: 256,
  /** Manual and optional. */
  ignored: 512,
} as const;

/** The bit of one job's state. */
export function symbolOf({ status, allowFailure }: JobState): number {
  switch (status) {
    case 'CREATED':
      return StateBit.created;
    case 'PENDING':
      return StateBit.pending;
    case 'RUNNING':
      return StateBit.running;
    case 'SUCCESS':
      return StateBit.success;
    case 'FAILED':
      return allowFailure ? StateBit.warn : StateBit.failed;
    case 'CANCELED':
      return allowFailure ? StateBit.warn : StateBit.canceled;
    case 'SKIPPED':
      return StateBit.skipped;
    case 'MANUAL':
      return allowFailure ? StateBit.ignored : StateBit.manual;
    default:
      return unreachable(status);
  }
}

/** States that still change by themselves or by a person; while a job has one of them, jobs that wait for the set wait. */
export const unsettled = StateBit.created | StateBit.pending | StateBit.running | StateBit.manual;

/** The one status of a set of jobs; the first rule that fits decides. `null` for an empty set. */
export function compositeStatus(set: number): ExecutionStatus | null {
  const { created, pending, running, success, canceled, skipped, manual, warn, ignored } = StateBit;
  const within = (symbols: number) => (set & ~symbols) === 0;
  const any = (symbols: number) => (set & symbols) !== 0;
  if (set === 0) return null;
  if (within(skipped | ignored)) return 'SKIPPED';
  if (within(success | skipped | warn | ignored)) return 'SUCCESS';
  if (within(created | warn | ignored)) return 'CREATED';
  if (within(canceled | success | skipped | warn | ignored)) return 'CANCELED';
  if (within(pending | created | skipped | warn | ignored)) return 'PENDING';
  if (any(running | pending)) return 'RUNNING';
  if (any(manual)) return 'MANUAL';
  if (any(created)) return 'RUNNING';
  return 'FAILED';
}
