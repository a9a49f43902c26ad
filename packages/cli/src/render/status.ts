import { type ExecutionStatus, unreachable } from '@xx-pipeline/common';
import type { Paint } from './style.ts';

/** How a status looks: a sign and a word always, a colour on top. */
export interface StatusLook {
  readonly sign: string;
  readonly word: string;
  readonly paint: Paint;
}

/** The look of a job's, stage's or pipeline's status; `tolerated` = an allowed failure, or a success with warnings. */
export function statusLook(status: ExecutionStatus, tolerated: boolean): StatusLook {
  switch (status) {
    case 'SUCCESS':
      return tolerated
        ? { sign: '!', word: 'success with warnings', paint: 'yellow' }
        : { sign: '✓', word: 'success', paint: 'green' };
    case 'FAILED':
      return tolerated
        ? { sign: '!', word: 'failed (allowed)', paint: 'yellow' }
        : { sign: '✗', word: 'failed', paint: 'red' };
    case 'CANCELED':
      return { sign: '■', word: 'canceled', paint: 'magenta' };
    case 'SKIPPED':
      return { sign: '»', word: 'skipped', paint: 'gray' };
    case 'MANUAL':
      return { sign: '◆', word: 'manual', paint: 'blue' };
    case 'RUNNING':
      return { sign: '▶', word: 'running', paint: 'cyan' };
    case 'PENDING':
      return { sign: '○', word: 'pending', paint: 'gray' };
    case 'CREATED':
      return { sign: '○', word: 'waiting', paint: 'gray' };
    default:
      return unreachable(status);
  }
}
