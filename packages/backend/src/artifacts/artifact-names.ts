import type { ArtifactKey } from './ArtifactStore.ts';

/** How records name an archive: the same whatever store it is in. */
export function artifactPath({ jobId, attempt }: ArtifactKey): string {
  return `artifacts/${jobId}/${attempt}.tar.zst`;
}

/** The callers' schemas have checked these; a mistake must not become the name of a file. */
export function checkArchive(archive: {
  readonly size: number;
  readonly sha256: string;
  readonly offset: number;
}): void {
  if (!/^[0-9a-f]{64}$/.test(archive.sha256)) throw new Error('the digest of an archive is 64 hexadecimal digits');
  for (const count of [archive.size, archive.offset]) {
    if (!Number.isSafeInteger(count) || count < 0) throw new Error(`${count} is not a number of bytes`);
  }
}
