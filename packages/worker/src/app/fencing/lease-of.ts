import type { ContainerLease } from '../../execution/index.ts';
import { marginOf, type Term } from './Fence.ts';

/** How long containers may run without contact, except those of the jobs that are `spared`. */
export function leaseOf(
  { since, leaseMs, onlyBackend }: Term,
  backend: string | null,
  spared: readonly string[],
): ContainerLease {
  const termMs = leaseMs - marginOf(leaseMs) * 0.75;
  return { pauseAt: since + termMs, termMs, only: onlyBackend ? addressOf(backend) : null, spared };
}

function addressOf(backend: string | null): { host: string; port: number } | null {
  if (backend === null) return null;
  const { hostname, port, protocol } = new URL(backend);
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) || (protocol === 'https:' ? 443 : 80) };
}
