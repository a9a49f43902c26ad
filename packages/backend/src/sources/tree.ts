import { createHash } from 'node:crypto';
import { type SnapshotFile, snapshotText, TreePaths } from '@xx-pipeline/common';

/** A tree that cannot be laid out: a mistake of the client. */
export class InvalidTree extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'InvalidTree';
  }
}

/** The one text of a tree, in whatever order its files come. Throws `InvalidTree`. */
export function canonicalTree(files: readonly SnapshotFile[]): { id: string; text: string; files: SnapshotFile[] } {
  const { text, files: sorted } = snapshotText(files);
  checkTree(sorted);
  return { id: createHash('sha256').update(text).digest('hex'), text, files: sorted };
}

function checkTree(files: readonly SnapshotFile[]): void {
  const paths = new TreePaths();
  for (const file of files) {
    const { path } = file;
    const problem = paths.add(path);
    if (problem !== null) throw new InvalidTree(`"${path}" ${problem}`);
    if ('link' in file) {
      if (file.link === '' || file.link.includes('\0')) throw new InvalidTree(`"${path}" links to nothing`);
    } else if (!/^[0-9a-f]{64}$/.test(file.sha256) || !Number.isSafeInteger(file.size) || file.size < 0) {
      throw new InvalidTree(`"${path}" has no valid digest or size`);
    }
  }
}

/** Each distinct content once. */
export function contentsOf(files: readonly SnapshotFile[]): Map<string, number> {
  const contents = new Map<string, number>();
  for (const file of files) if ('sha256' in file) contents.set(file.sha256, file.size);
  return contents;
}
