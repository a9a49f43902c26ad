import { closeSync, constants, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { uptime } from 'node:os';
import { bootId } from '../owner-id.ts';

/** Until when containers may go on without anybody who answers for them. Times in milliseconds since the machine's boot. */
export interface LeaseNote {
  readonly boot: string;
  /** From then on they are to be paused. */
  readonly pauseAt: number;
  /** How long such a term is, counted from a sign that it runs anew. */
  readonly termMs: number;
  /** While nothing listens there no lease runs out; null: leases run out all the same. */
  readonly only: { readonly host: string; readonly port: number } | null;
  /** Jobs that somebody gave to this worker alone: nobody has a lease on them, and they go on. */
  readonly spared: readonly string[];
}

const block = 4096;

/** Milliseconds since the machine's boot, those in which it slept too; the same for all of its processes. */
export const machineTime = (): number => uptime() * 1000;

/** In one write over the bytes of the one before, which a disk that is full by now takes too. */
export function writeLeaseNote(path: string, note: Omit<LeaseNote, 'boot'>): void {
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

/** null: there is none of this boot. */
export function readLeaseNote(path: string): LeaseNote | null {
  try {
    const note = JSON.parse(readFileSync(path, 'utf8')) as LeaseNote;
    return note.boot === bootId() ? note : null;
  } catch {
    return null;
  }
}
