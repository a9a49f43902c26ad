import { readFileSync } from 'node:fs';

/** Names the boot of this machine; null where the system does not. */
export function fullBootId(): string | null {
  return read('/proc/sys/kernel/random/boot_id')?.trim() ?? null;
}

/** The beginning of it, as in owner ids and lease notes. */
export const bootId = (): string => fullBootId()?.slice(0, 8) ?? '-';

/** Start time of a process in the kernel's unit; null where there is no such process, it has ended, or the system has no list. */
export function startTime(pid: number): string | null {
  const entry = entryOf(pid);
  return entry === null || entry.hasEnded ? null : entry.started;
}

/** Whether a process with this id and start time runs (null: start times are unknown). One that has ended and was not collected by its parent does not. */
export function isRunning(pid: number, started: string | null): boolean {
  const entry = entryOf(pid);
  if (entry !== null) return !entry.hasEnded && entry.started === started;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

function entryOf(pid: number): { readonly started: string; readonly hasEnded: boolean } | null {
  const stat = read(`/proc/${pid}/stat`);
  if (stat === null) return null;
  // The command name, in parentheses, may contain anything. After it: the state, and as 20th field the start time.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { started: fields[19] ?? '', hasEnded: fields[0] === 'Z' || fields[0] === 'X' };
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return null;
  }
}
