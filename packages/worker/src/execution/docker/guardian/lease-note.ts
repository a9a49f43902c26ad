import { readFileSync, renameSync, writeFileSync } from 'node:fs';
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
}

/** Milliseconds since the machine's boot, those in which it slept too; the same for all of its processes. */
export const machineTime = (): number => uptime() * 1000;

/** Whole or not at all, also if we are killed meanwhile. */
export function writeLeaseNote(path: string, note: Omit<LeaseNote, 'boot'>): void {
  writeFileSync(`${path}.tmp`, JSON.stringify({ boot: bootId(), ...note }), { mode: 0o600 });
  renameSync(`${path}.tmp`, path);
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
