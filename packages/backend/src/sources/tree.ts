import { createHash } from 'node:crypto';
import { type SnapshotFile, snapshotText } from '@xx-pipeline/common';

/** A tree nobody could lay out: what a client sent, not a failure of ours. */
export class InvalidTree extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'InvalidTree';
  }
}

/** The one text of a tree, whatever order its files came in; null bytes, `..` and the like are refused. */
export function canonicalTree(files: readonly SnapshotFile[]): { id: string; text: string; files: SnapshotFile[] } {
  const { text, files: sorted } = snapshotText(files);
  checkTree(sorted);
  return { id: createHash('sha256').update(text).digest('hex'), text, files: sorted };
}

function checkTree(sorted: readonly SnapshotFile[]): void {
  const paths = new Set<string>();
  for (const file of sorted) {
    const { path } = file;
    if (paths.has(path)) throw new InvalidTree(`"${path}" is there twice`);
    paths.add(path);
    const parts = path.split('/');
    if (path.includes('\0') || parts.some((part) => part === '' || part === '.' || part === '..')) {
      throw new InvalidTree(`"${path}" is not a path inside the tree: parts may not be empty, "." or ".."`);
    }
    if ('link' in file) {
      if (file.link === '' || file.link.includes('\0')) throw new InvalidTree(`"${path}" links to nothing`);
    } else if (!/^[0-9a-f]{64}$/.test(file.sha256) || !Number.isSafeInteger(file.size) || file.size < 0) {
      throw new InvalidTree(`"${path}" has no valid digest or size`);
    }
  }
  // Nothing may lie below a file, nor below a link, which could lead anywhere.
  for (const path of paths) {
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      const folder = path.slice(0, end);
      if (paths.has(folder)) throw new InvalidTree(`"${path}" lies below "${folder}", which is no folder`);
    }
  }
}

/** Each distinct content once. */
export function contentsOf(files: readonly SnapshotFile[]): Map<string, number> {
  const contents = new Map<string, number>();
  for (const file of files) if ('sha256' in file) contents.set(file.sha256, file.size);
  return contents;
}
