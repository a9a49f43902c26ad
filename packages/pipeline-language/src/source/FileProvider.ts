/** The files a pipeline may read: a working tree, a commit, a map in tests. Paths are relative to the repository root. */
export interface FileProvider {
  /** The text of a file; null when there is none. Throws only when the machine fails. */
  read(path: string): string | null;
  /** All file paths of the tree, for wildcards and `rules:exists`; called at most once, and only if needed. */
  list(): readonly string[];
}
