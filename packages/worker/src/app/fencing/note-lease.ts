import { join } from 'node:path';
import { writeLeaseNote } from '../../execution/index.ts';
import { marginOf, type Term } from './Fence.ts';

/** Tells the guardian of a state directory how long containers may go on, but for those of the jobs that are `spared`. */
export function noteLease(stateDirectory: string, backend: string | null, term: Term, spared: readonly string[]): void {
  const { since, leaseMs, onlyBackend } = term;
  const termMs = leaseMs - marginOf(leaseMs) * 0.75;
  try {
    writeLeaseNote(join(stateDirectory, 'lease'), {
      pauseAt: since + termMs,
      termMs,
      only: onlyBackend ? placeOf(backend) : null,
      spared,
    });
  } catch {
    // A full disk: containers may be paused too early, and go on when there is contact again.
  }
}

function placeOf(backend: string | null): { host: string; port: number } | null {
  if (backend === null) return null;
  const { hostname, port, protocol } = new URL(backend);
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) || (protocol === 'https:' ? 443 : 80) };
}
