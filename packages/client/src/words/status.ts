import { type ExecutionStatus, unreachable } from '@xx-pipeline/common';

/** How a status is shown: a sign and a word always, a color in addition. */
export interface StatusLook {
  readonly sign: string;
  readonly word: string;
  readonly color: 'red' | 'green' | 'yellow' | 'blue' | 'magenta' | 'cyan' | 'gray';
}

/** The look of the status of a job, stage or pipeline. `tolerated`: an allowed failure, or a success with warnings. */
export function statusLook(status: ExecutionStatus, tolerated: boolean): StatusLook {
  switch (status) {
    case 'SUCCESS':
      return tolerated
        ? { sign: '!', word: 'success with warnings', color: 'yellow' }
        : { sign: '✓', word: 'success', color: 'green' };
    case 'FAILED':
      return tolerated
        ? { sign: '!', word: 'failed (allowed)', color: 'yellow' }
        : { sign: '✗', word: 'failed', color: 'red' };
    case 'CANCELED':
      return { sign: '■', word: 'canceled', color: 'magenta' };
    case 'SKIPPED':
      return { sign: '»', word: 'skipped', color: 'gray' };
    case 'MANUAL':
      return { sign: '◆', word: 'manual', color: 'blue' };
    case 'RUNNING':
      return { sign: '▶', word: 'running', color: 'cyan' };
    case 'PENDING':
      return { sign: '○', word: 'pending', color: 'gray' };
    case 'CREATED':
      return { sign: '○', word: 'waiting', color: 'gray' };
    default:
      return unreachable(status);
  }
}
