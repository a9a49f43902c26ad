import type { SnapshotFile } from '@xx-pipeline/common';

/** Trees by content: each distinct file is stored once. Any backend can serve any of them. */
export interface SnapshotStore {
  /** Stores a tree's list of files and returns the digests of missing contents. The id is the SHA-256 of its canonical JSON. */
  offer(files: readonly SnapshotFile[]): Promise<{ id: string; missing: string[] }>;
  /** Stores a content; false when the bytes have another digest. */
  putBlob(sha256: string, bytes: AsyncIterable<Uint8Array>): Promise<boolean>;
  /** Stores many short contents at once; their digests, in order. */
  putBlobs(contents: readonly Uint8Array[]): Promise<string[]>;
  /** Whether the tree and all its contents are there. */
  isComplete(id: string): Promise<boolean>;
  /** The tree as a tar stream; null when it is not complete. */
  archive(id: string): Promise<AsyncIterable<Uint8Array> | null>;
  close(): Promise<void>;
}
