import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '@xx-pipeline/common';
import { type GitCall, listTree, type TreeEntry } from '@xx-pipeline/source';

import { orExplain } from '../../run/explain-source-problem.ts';
import { DigestCache } from './DigestCache.ts';
import { hashFile } from './hash-file.ts';
import { inParallel } from './in-parallel.ts';

/** A file of a snapshot: its content by digest, or a link. */
export type SnapshotEntry =
  | { readonly path: string; readonly sha256: string; readonly size: number; readonly executable: boolean }
  | { readonly path: string; readonly link: string };

/** A tree by content. */
export interface Snapshot {
  readonly root: string;
  readonly files: readonly SnapshotEntry[];
  /** Files that had to be read. */
  readonly read: number;
  readonly notes: readonly string[];
}

/** What a snapshot is made from. */
export interface SnapshotInput {
  readonly root: string;
  readonly isRepository: boolean;
  /** The state directory, where digests are remembered. */
  readonly home: string;
  readonly clock: Clock;
  readonly call: Omit<GitCall, 'cwd'>;
  /** Read everything, whatever is remembered. */
  readonly fresh: boolean;
}

/** Lists a tree and takes the digests of its files; those unchanged since the last time are not read. */
export async function makeSnapshot({ root, isRepository, home, clock, call, fresh }: SnapshotInput): Promise<Snapshot> {
  const [cache, listed] = await Promise.all([DigestCache.open(home, root, fresh), listTree(root, isRepository, call)]);
  const { entries, notes } = orExplain(listed);
  const digests = new Map<string, string>();
  const unread: Extract<TreeEntry, { size: number }>[] = [];
  for (const entry of entries) {
    if ('link' in entry) continue;
    const known = cache.get(entry);
    if (known === null) unread.push(entry);
    else digests.set(entry.path, known);
  }
  await inParallel(unread, 4 * availableParallelism(), async (entry) => {
    call.signal?.throwIfAborted();
    const readAt = clock.now();
    try {
      const sha256 = await hashFile(join(root, entry.path), entry.size);
      digests.set(entry.path, sha256);
      cache.set(entry, sha256, readAt);
    } catch (error) {
      // Deleted since it was listed.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  });
  await cache.save(root);
  const files = entries.flatMap((entry): SnapshotEntry[] => {
    if ('link' in entry) return [entry];
    const sha256 = digests.get(entry.path);
    return sha256 === undefined ? [] : [{ path: entry.path, sha256, size: entry.size, executable: entry.executable }];
  });
  return { root, files, read: unread.length, notes };
}
