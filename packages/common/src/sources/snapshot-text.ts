/** One file of a snapshot: content by digest, or a link. */
export type SnapshotFile =
  | { readonly path: string; readonly sha256: string; readonly size: number; readonly executable: boolean }
  | { readonly path: string; readonly link: string };

/**
 * The one text of a tree, whatever order its files come in and whatever else is said of them: their JSON, sorted by path.
 * A snapshot's id is the SHA-256 of this text, so it may never change.
 */
export function snapshotText(given: Iterable<SnapshotFile>): { readonly text: string; readonly files: SnapshotFile[] } {
  const files = Array.from(given, (file): SnapshotFile => {
    if ('link' in file) return { path: file.path, link: file.link };
    return { path: file.path, sha256: file.sha256, size: file.size, executable: file.executable };
  }).sort((one, other) => (one.path < other.path ? -1 : Number(one.path > other.path)));
  return { text: JSON.stringify(files), files };
}
