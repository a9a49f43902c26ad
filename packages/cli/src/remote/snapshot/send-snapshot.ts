import { readFileSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Connection } from '@xx-pipeline/client';
import { ApiProblem } from '@xx-pipeline/common/api';
import { CommandError } from '../../io/CommandIo.ts';
import { ExitCode } from '../../io/exit-codes.ts';
import type { BackendApiClient } from '../BackendApiClient.ts';
import { inParallel } from './in-parallel.ts';
import type { Snapshot, SnapshotEntry } from './make-snapshot.ts';

/** Uploads under way at once. */
const width = 8;
/** Contents up to this size travel many in one request. */
const smallLimit = 64 * 1024;
const batchLimit = 1024 * 1024;
/** What storing a content costs beside its bytes, as bytes. */
const perContent = 1024;
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
    const offer = () => connection.call((signal) => client.api.offerSnapshot({ body: { files } }, { signal }));
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

type FileEntry = Extract<SnapshotEntry, { sha256: string }>;

/** Returns the files that are no longer what they were. */
async function upload(
  snapshot: Snapshot,
  missing: readonly string[],
  client: BackendApiClient,
  connection: Connection,
): Promise<string[]> {
  const byDigest = new Map<string, FileEntry>();
  for (const file of snapshot.files) if ('sha256' in file) byDigest.set(file.sha256, file);
  const files = [...new Set(missing)].map((sha256) => {
    const file = byDigest.get(sha256);
    if (file === undefined) throw new Error(`the server asks for ${sha256}, which is not in the snapshot`);
    return file;
  });
  const changed: string[] = [];
  const large = files.filter(({ size }) => size > smallLimit);
  const batches = inBatches(files.filter(({ size }) => size <= smallLimit));
  await inParallel([...batches, ...large], width, async (next) => {
    if (Array.isArray(next)) changed.push(...(await uploadBatch(snapshot.root, next, client, connection)));
    else if (!(await uploadOne(snapshot.root, next, client, connection))) changed.push(next.path);
  });
  return changed;
}

function inBatches(files: readonly FileEntry[]): FileEntry[][] {
  const batches: FileEntry[][] = [];
  let room = 0;
  for (const file of files) {
    const cost = file.size + perContent;
    if (cost > room || batches.length === 0) {
      batches.push([]);
      room = batchLimit;
    }
    batches.at(-1)?.push(file);
    room -= cost;
  }
  return batches;
}

/** Many short contents in one request; returns the files that are no longer what they were. */
async function uploadBatch(
  root: string,
  files: readonly FileEntry[],
  client: BackendApiClient,
  connection: Connection,
): Promise<string[]> {
  const present: FileEntry[] = [];
  const changed: string[] = [];
  const pieces: Uint8Array[] = [];
  for (const file of files) {
    try {
      // Quicker at once than by a detour over other threads.
      const content = readFileSync(join(root, file.path));
      const length = Buffer.alloc(4);
      length.writeUInt32BE(content.length);
      if (content.length > smallLimit) changed.push(file.path);
      else {
        pieces.push(length, content);
        present.push(file);
      }
    } catch (error) {
      if (!hasChanged(error)) throw error;
      changed.push(file.path);
    }
  }
  if (present.length === 0) return changed;
  const body = Buffer.concat(pieces);
  const { digests } = (await connection.call((signal) => client.api.putBlobs({ body }, { signal }))).body;
  return [...changed, ...present.filter(({ sha256 }, index) => digests[index] !== sha256).map(({ path }) => path)];
}

/** false: the file is no longer what it was. */
async function uploadOne(
  root: string,
  { path, sha256, size }: FileEntry,
  client: BackendApiClient,
  connection: Connection,
): Promise<boolean> {
  try {
    await connection.call(async (signal) => {
      const body = await openContent(join(root, path), size);
      return client.api.putBlob({ params: { sha256 }, body }, { signal });
    });
    return true;
  } catch (error) {
    if (!hasChanged(error)) throw error;
    return false;
  }
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
