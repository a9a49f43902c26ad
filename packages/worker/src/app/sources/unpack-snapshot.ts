import { createHash } from 'node:crypto';
import { mkdir, open, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type SnapshotFile, snapshotText, TreePaths } from '@xx-pipeline/common';
import { readTar, type TarHeader } from '@xx-pipeline/common/tar';
import { SourceUnavailable } from './SourceUnavailable.ts';

/**
 * Unpacks a snapshot's archive below a directory and checks that it is the tree of that id: every path, content, mode
 * and link. Nothing is written outside, whatever the archive says. Returns the size of its contents. Throws
 * `SourceUnavailable`.
 */
export async function unpackSnapshot(
  archive: AsyncIterable<Uint8Array>,
  id: string,
  directory: string,
  limits: { readonly bytes: number; readonly files: number },
  signal: AbortSignal,
): Promise<number> {
  const tree = new Map<string, SnapshotFile>();
  const paths = new TreePaths();
  let size = 0;
  for await (const { header, body } of readTar(archive, signal)) {
    const path = checkPath(header, paths);
    size += header.size;
    if (size > limits.bytes || tree.size >= limits.files) {
      throw new SourceUnavailable(`the tree ${id.slice(0, 12)} is larger than this worker accepts`);
    }
    const target = join(directory, path);
    await mkdir(dirname(target), { recursive: true });
    if (header.type === 'symlink') {
      await symlink(header.linkname ?? '', target);
      tree.set(path, { path, link: header.linkname ?? '' });
    } else tree.set(path, await writeContent(target, path, header, body));
  }
  if (createHash('sha256').update(snapshotText(tree.values()).text).digest('hex') !== id)
    throw new SourceUnavailable(`the archive of tree ${id.slice(0, 12)} has the files of another tree`);
  return size;
}

async function writeContent(
  target: string,
  path: string,
  header: TarHeader,
  body: AsyncIterable<Uint8Array>,
): Promise<SnapshotFile> {
  const executable = ((header.mode ?? 0) & 0o100) !== 0;
  const digest = createHash('sha256');
  const file = await open(target, 'wx', executable ? 0o755 : 0o644);
  try {
    for await (const bytes of body) {
      digest.update(bytes);
      await file.writeFile(bytes);
    }
  } finally {
    await file.close();
  }
  return { path, sha256: digest.digest('hex'), size: header.size, executable };
}

/** The path of an entry. Throws unless it is a new path inside the tree. */
function checkPath({ name, type = 'file' }: TarHeader, paths: TreePaths): string {
  const shown = JSON.stringify(name);
  if (type !== 'file' && type !== 'symlink') throw new SourceUnavailable(`the archive has ${shown}, a ${type}`);
  const problem = paths.add(name);
  if (problem !== null) throw new SourceUnavailable(`the archive has ${shown}, which ${problem}`);
  return name;
}
