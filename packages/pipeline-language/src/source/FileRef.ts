/** Where a file comes from: null is the tree that is checked, else the name of a project at a commit, or an address. */
export type Origin = string | null;

/** The identity of a file: the same path in two origins is two files. */
export interface FileRef {
  readonly origin: Origin;
  /** From the root of the origin, with forward slashes. */
  readonly path: string;
}

/** Texts of files of other origins, by name; null for a file that does not exist there. */
export type FetchedFiles = ReadonlyMap<string, string | null>;

/**
 * The name of a file in spans, sources and messages, one per file: the path for the tree itself, which is what plans and
 * reports contain, else `[origin] path`. A path that looks like such a name gets a leading `./`.
 */
export function fileName({ origin, path }: FileRef): string {
  if (origin === null) return path.startsWith('[') ? `./${path}` : path;
  return `[${origin.replaceAll('%', '%25').replaceAll(']', '%5D')}] ${path}`;
}
