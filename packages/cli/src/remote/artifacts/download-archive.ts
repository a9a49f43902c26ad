import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Connection } from '@xx-pipeline/client';
import { CommandError } from '../../io/CommandIo.ts';
import { ExitCode } from '../../io/exit-codes.ts';
import type { BackendApiClient } from '../BackendApiClient.ts';
import type { ListedArtifact } from './list-artifacts.ts';
import { unpackArchive } from './unpack-archive.ts';

/** Where and how an archive is brought. */
export interface DownloadOptions {
  readonly client: BackendApiClient;
  readonly connection: Connection;
  readonly directory: string;
  /** A folder below the directory for the unpacked files; null unpacks into the directory itself. */
  readonly folder: string | null;
  /** For the archive, without its ending. */
  readonly fileName: string;
  readonly keepArchive: boolean;
  readonly warn: (message: string) => void;
}

/** Downloads an archive, checks its digest, and unpacks it unless it is to be kept; nothing half is left. */
export async function downloadArchive(
  artifact: ListedArtifact,
  { client, connection, directory, folder, fileName, keepArchive, warn }: DownloadOptions,
): Promise<{ readonly path: string; readonly files: number | null }> {
  await mkdir(directory, { recursive: true });
  const draft = join(directory, `.xx-download-${randomBytes(6).toString('hex')}`);
  try {
    await connection.call((signal) => fetchTo(draft, artifact, client, signal));
    if (keepArchive) {
      const path = join(directory, `${fileName}.tar.zst`);
      await rename(draft, path);
      return { path, files: null };
    }
    const target = folder === null ? directory : join(directory, folder);
    const files = await unpackArchive(draft, target, { warn, signal: connection.signal });
    return { path: target, files };
  } finally {
    await rm(draft, { force: true });
  }
}

async function fetchTo(
  path: string,
  { jobId, job, attempt, size, sha256 }: ListedArtifact,
  client: BackendApiClient,
  signal: AbortSignal,
): Promise<void> {
  const { body } = await client.api.downloadArtifacts({ params: { jobId }, query: { attempt } }, { signal });
  const digest = createHash('sha256');
  let bytes = 0;
  const file = await open(path, 'w', 0o600);
  try {
    for await (const chunk of body) {
      bytes += chunk.length;
      if (bytes > size) break;
      digest.update(chunk);
      await file.writeFile(chunk);
    }
  } finally {
    await file.close();
  }
  if (bytes === size && digest.digest('hex') === sha256) return;
  throw new CommandError(`the artifacts of ${job} arrived damaged: their digest does not fit`, ExitCode.machine);
}
