import { readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { bootId, fullBootId, isRunning, startTime } from './process-table.ts';

/** One life of one process: the id alone may be another process tomorrow. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Start time in the kernel's unit; null where the system has none. */
  readonly started: string | null;
  /** Where process ids have a meaning: host, boot and pid namespace. */
  readonly scope: string;
}

/** `unknown`: of another machine or container. */
export type ProcessLife = 'alive' | 'dead' | 'unknown';

/** The identity of this process. */
export function thisProcess(): ProcessIdentity {
  return { pid: process.pid, started: startTime(process.pid), scope: processScope() };
}

/** Whether a process still runs. */
export function lifeOf({ pid, started, scope }: ProcessIdentity): ProcessLife {
  const here = processScope();
  if (scope !== here) {
    // Same host, other boot: every process of that boot has ended.
    const [host, boot] = here.split('/');
    const [thatHost, thatBoot] = scope.split('/');
    return host === thatHost && boot !== thatBoot ? 'dead' : 'unknown';
  }
  return isRunning(pid, started) ? 'alive' : 'dead';
}

/**
 * Names this process in one line, for labels of containers and names of files: machine, its boot, process id and start
 * time. `ownerState` understands it.
 */
export function makeOwnerId(): string {
  return [hostname(), bootId(), process.pid, startTime(process.pid) ?? 0].join(':');
}

/** Whether the process that an owner id names still runs. */
export function ownerState(ownerId: string): ProcessLife {
  const [host, boot, pid, started, ...rest] = ownerId.split(':');
  if (rest.length > 0 || started === undefined || host !== hostname()) return 'unknown';
  if (boot !== bootId()) return 'dead';
  return isRunning(Number(pid), started === '0' ? null : started) ? 'alive' : 'dead';
}

function processScope(): string {
  let namespace = '';
  try {
    namespace = readlinkSync('/proc/self/ns/pid');
  } catch {
    // No namespaces here.
  }
  return `${hostname()}/${fullBootId() ?? ''}/${namespace}`;
}
