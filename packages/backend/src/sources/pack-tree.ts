import type { SnapshotFile } from '@xx-pipeline/common';
import { tarEnd, tarHeader, tarPadding } from './tar-entry.ts';

/** The source of the contents of a tree's files. */
export interface TreeContents {
  /** Contents of small files, by digest. */
  read(sha256s: readonly string[]): Promise<ReadonlyMap<string, Buffer>>;
  /** One large content in pieces. */
  stream(sha256: string, size: number): AsyncIterable<Uint8Array>;
}

/** Files up to this size are gathered. */
const smallSize = 128 * 1024;
const batchFiles = 200;
const batchBytes = 1024 * 1024;

/** A tree as a tar archive: the same bytes for the same tree. */
export async function* packTree(files: readonly SnapshotFile[], contents: TreeContents): AsyncIterable<Uint8Array> {
  for (const batch of batches(files)) {
    const small = batch.flatMap((file) => ('link' in file || isLarge(file) ? [] : [file.sha256]));
    const known = small.length === 0 ? new Map<string, Buffer>() : await contents.read([...new Set(small)]);
    let parts: Uint8Array[] = [];
    for (const file of batch) {
      if ('link' in file) {
        parts.push(tarHeader({ path: file.path, size: 0, executable: false, link: file.link }));
        continue;
      }
      parts.push(tarHeader({ ...file, link: null }));
      if (isLarge(file)) {
        yield Buffer.concat(parts);
        parts = [];
        yield* exactly(file.size, file.sha256, contents.stream(file.sha256, file.size));
      } else {
        const content = known.get(file.sha256);
        if (content?.length !== file.size) throw damaged(file.sha256);
        parts.push(content);
      }
      if (file.size % 512 !== 0) parts.push(tarPadding(file.size));
    }
    yield Buffer.concat(parts);
  }
  yield tarEnd();
}

function* batches(files: readonly SnapshotFile[]): Iterable<SnapshotFile[]> {
  let batch: SnapshotFile[] = [];
  let bytes = 0;
  for (const file of files) {
    batch.push(file);
    if (!('link' in file) && !isLarge(file)) bytes += file.size;
    if (batch.length < batchFiles && bytes < batchBytes) continue;
    yield batch;
    batch = [];
    bytes = 0;
  }
  yield batch;
}

const isLarge = ({ size }: { readonly size: number }): boolean => size > smallSize;

/** A content that is too short would shift everything after it. */
async function* exactly(size: number, sha256: string, pieces: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  let left = size;
  for await (const piece of pieces) {
    left -= piece.length;
    if (left < 0) throw damaged(sha256);
    yield piece;
  }
  if (left !== 0) throw damaged(sha256);
}

function damaged(sha256: string): Error {
  return new Error(`the stored content ${sha256} is damaged`);
}
