import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ApiProblem } from '@xx-pipeline/common/api';
import { CommandError } from '../../commands/Command.ts';
import { ExitCode } from '../../exit-codes.ts';
import type { BackendApiClient } from '../BackendApiClient.ts';
import type { Connection } from '../Connection.ts';
import { inParallel } from './in-parallel.ts';
import type { Snapshot, SnapshotEntry } from './make-snapshot.ts';

/** Uploads under way at once. */
const width = 8;
/** Contents up to this size are sent from memory. */
const wholeLimit = 4 * 1024 * 1024;
/** Somebody may go on working on the tree meanwhile; not for ever, though. */
const mostTries = 5;

/** A snapshot the server has whole. */
export interface SentSnapshot {
  readonly id: string;
  /** Contents that had to be uploaded. */
  readonly uploaded: number;
}

/** Makes a snapshot and brings the server what it lacks of it; a tree that changes meanwhile is taken again. */
export async function sendSnapshot(
  make: (options: { readonly fresh: boolean }) => Promise<Snapshot>,
  client: BackendApiClient,
  connection: Connection,
): Promise<SentSnapshot> {
  let uploaded = 0;
  for (let tries = 1; ; tries++) {
    // What had changed behind the back of its times is read again, whatever is remembered of it.
    const snapshot = await make({ fresh: tries > 1 });
    const files = [...snapshot.files];
    const offer = () => connection.patiently((signal) => client.api.offerSnapshot({ body: { files } }, { signal }));
    const { id, missing } = (await offer()).body;
    if (missing.length === 0) return { id, uploaded };
    const changed = await upload(snapshot, missing, client, connection);
    uploaded += missing.length - changed.length;
    if (changed.length === 0 && (await offer()).body.missing.length === 0) return { id, uploaded };
    if (tries >= mostTries) {
      const which = changed[0] === undefined ? '' : `: ${changed[0]} is being written to`;
      throw new CommandError(`the tree changes faster than it can be sent${which}`, ExitCode.machine);
    }
  }
}

/** Returns the files that are no longer what they were. */
async function upload(
  snapshot: Snapshot,
  missing: readonly string[],
  client: BackendApiClient,
  connection: Connection,
): Promise<string[]> {
  const byDigest = new Map<string, Extract<SnapshotEntry, { sha256: string }>>();
  for (const file of snapshot.files) if ('sha256' in file) byDigest.set(file.sha256, file);
  const changed: string[] = [];
  await inParallel(new Set(missing), width, async (sha256) => {
    const file = byDigest.get(sha256);
    if (file === undefined) throw new Error(`the server asks for ${sha256}, which is not in the snapshot`);
    try {
      await connection.patiently(async (signal) => {
        const body = await openContent(join(snapshot.root, file.path), file.size);
        return client.api.putBlob({ params: { sha256 }, body }, { signal });
      });
    } catch (error) {
      if (!hasChanged(error)) throw error;
      changed.push(file.path);
    }
  });
  return changed;
}

async function openContent(path: string, size: number): Promise<Uint8Array | AsyncIterable<Uint8Array>> {
  if (size <= wholeLimit) return await readFile(path);
  // Opened here, so that a file that is gone is no broken connection.
  const file = await open(path, 'r');
  return file.createReadStream({ highWaterMark: 1024 * 1024 });
}

const hasChanged = (error: unknown): boolean =>
  (error instanceof ApiProblem && error.problem.code === 'checksum_mismatch') ||
  (error instanceof Error && (error as NodeJS.ErrnoException).code === 'ENOENT');
