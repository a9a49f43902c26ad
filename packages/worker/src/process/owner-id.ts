import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

/**
 * Names this process for good: machine, its boot, process id and start time, so that another process with the same
 * id is not taken for it.
 */
export function makeOwnerId(): string {
  return [hostname(), bootId(), process.pid, startTime(process.pid) ?? 0].join(':');
}

/** What is known about an owner: `dead` only if it certainly is; owners of other machines are `unknown`. */
export function ownerState(ownerId: string): 'alive' | 'dead' | 'unknown' {
  const [host, boot, pid, started, ...rest] = ownerId.split(':');
  if (rest.length > 0 || started === undefined || host !== hostname()) return 'unknown';
  if (boot !== bootId()) return 'dead';
  const now = startTime(Number(pid));
  if (now !== null) return String(now) === started ? 'alive' : 'dead';
  try {
    process.kill(Number(pid), 0);
    return 'alive';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH' ? 'dead' : 'alive';
  }
}

/** Names the boot of this machine. */
export function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8);
  } catch {
    return '-';
  }
}

/** Clock ticks from boot to the start of a process; null where it is not there or cannot be known. */
function startTime(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name, in parentheses, may hold anything; start time is the 20th field after it.
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
  } catch {
    return null;
  }
}
