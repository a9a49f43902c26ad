import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** One life of one process: a process id alone may be another process tomorrow. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Start time in the kernel's words; null where the system does not tell. */
  readonly started: string | null;
  /** Where process ids have a meaning: host, boot and pid namespace. */
  readonly scope: string;
}

/** Who we are. */
export function thisProcess(): ProcessIdentity {
  return { pid: process.pid, started: startTime(process.pid), scope: processScope() };
}

/** Whether a process still lives; `unknown` when it belongs to another machine or container. */
export function lifeOf(identity: ProcessIdentity): 'alive' | 'dead' | 'unknown' {
  const scope = processScope();
  if (identity.scope !== scope) {
    // Same host, other boot: whatever ran then is gone.
    const [host, boot] = scope.split('/');
    const [thatHost, thatBoot] = identity.scope.split('/');
    return host === thatHost && boot !== thatBoot ? 'dead' : 'unknown';
  }
  try {
    process.kill(identity.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return 'dead';
  }
  return startTime(identity.pid) === identity.started ? 'alive' : 'dead';
}

function processScope(): string {
  const boot = read(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
  const namespace = read(() => readlinkSync('/proc/self/ns/pid'));
  return `${hostname()}/${boot ?? ''}/${namespace ?? ''}`;
}

function startTime(pid: number): string | null {
  // Field 22; the command name before it may hold spaces and brackets. A zombie (Z) is as dead as it gets.
  const stat = read(() => readFileSync(`/proc/${pid}/stat`, 'latin1'));
  if (stat === null) return null;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? 'ended' : (fields[19] ?? null);
}

function read(how: () => string): string | null {
  try {
    return how();
  } catch {
    return null;
  }
}
