import { closeSync, constants, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { uptime } from 'node:os';
import { bootId } from '../../../process/index.ts';
import type { ContainerLease } from '../../ContainerGuard.ts';

/** A lease as it is on disk. */
export interface LeaseNote extends ContainerLease {
  /** The boot of the machine that its times count from. */
  readonly boot: string;
}

const block = 4096;

/** Milliseconds since the machine's boot, including those in which it was suspended; the same for all of its processes. */
export const machineTime = (): number => uptime() * 1000;

/** Overwrites the note in place with one write, which works on a full disk too. */
export function writeLeaseNote(path: string, note: ContainerLease): void {
  const text = Buffer.from(JSON.stringify({ boot: bootId(), ...note }));
  const padded = Buffer.alloc(Math.ceil(text.length / block) * block, ' ');
  text.copy(padded);
  const file = openSync(path, constants.O_WRONLY | constants.O_CREAT, 0o600);
  try {
    writeSync(file, padded, 0, padded.length, 0);
    ftruncateSync(file, padded.length);
  } finally {
    closeSync(file);
  }
}

/** The note; null if there is none of this boot. */
export function readLeaseNote(path: string): LeaseNote | null {
  try {
    const note = JSON.parse(readFileSync(path, 'utf8')) as LeaseNote;
    return note.boot === bootId() ? note : null;
  } catch {
    return null;
  }
}
