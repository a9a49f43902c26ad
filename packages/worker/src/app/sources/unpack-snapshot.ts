import { createHash } from 'node:crypto';
import { mkdir, open, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type SnapshotFile, snapshotText } from '@xx-pipeline/common';
import { readTar, type TarHeader } from '@xx-pipeline/common/tar';
import { SourceUnavailable } from './SourceUnavailable.ts';

/**
 * Lays out a snapshot's archive below a directory and checks that it is the tree of that id: every path, content, mode
 * and link. Nothing is written outside, whatever the archive says. Resolves with the size of its contents.
 */
export async function unpackSnapshot(
  archive: AsyncIterable<Uint8Array>,
  id: string,
  directory: string,
  limits: { readonly bytes: number; readonly files: number },
  signal: AbortSignal,
): Promise<number> {
  const tree = new Map<string, SnapshotFile>();
  const folders = new Set<string>();
  let size = 0;
  for await (const { header, body } of readTar(archive, signal)) {
    const path = checkPath(header, tree, folders);
    size += header.size;
    if (size > limits.bytes || tree.size >= limits.files) {
      throw new SourceUnavailable(`the tree ${id.slice(0, 12)} is larger than this worker takes`);
    }
    const target = join(directory, path);
    await mkdir(dirname(target), { recursive: true });
    if (header.type === 'symlink') {
      await symlink(header.linkname ?? '', target);
      tree.set(path, { path, link: header.linkname ?? '' });
    } else tree.set(path, await writeContent(target, path, header, body));
  }
  if (createHash('sha256').update(snapshotText(tree.values()).text).digest('hex') !== id)
    throw new SourceUnavailable(`the archive of tree ${id.slice(0, 12)} holds another tree`);
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

/** The path of an entry. Throws unless it leads to a new name in a folder of the tree. */
function checkPath(header: TarHeader, tree: ReadonlyMap<string, SnapshotFile>, folders: Set<string>): string {
  const { name } = header;
  const type = header.type ?? 'file';
  if (type !== 'file' && type !== 'symlink') throw new SourceUnavailable(`the archive holds ${name}, a ${type}`);
  const parts = name.split('/');
  if (name.includes('\0') || parts.some((part) => part === '' || part === '.' || part === '..')) {
    throw new SourceUnavailable(`the archive holds ${JSON.stringify(name)}, which is no path inside a tree`);
  }
  if (tree.has(name) || folders.has(name)) throw new SourceUnavailable(`the archive holds ${name} twice`);
  for (let end = name.indexOf('/'); end >= 0; end = name.indexOf('/', end + 1)) {
    const folder = name.slice(0, end);
    // Below a file nothing can lie, and a link could lead anywhere.
    if (tree.has(folder)) throw new SourceUnavailable(`the archive holds ${name} below ${folder}, which is no folder`);
    folders.add(folder);
  }
  return name;
}
