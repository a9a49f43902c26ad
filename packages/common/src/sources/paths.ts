/**
 * The one check of paths that come from elsewhere: trees that clients send, archives of jobs and of snapshots. Paths are
 * those of POSIX: `/` separates segments, and a backslash is a character like any other.
 */

/**
 * A path in its shortest form below a directory: `./a//b/` is `a/b`, `a/../b` is `b`; the directory itself is the empty
 * text. Null if the path is absolute, leaves the directory or has a NUL character.
 */
export function pathInside(path: string): string | null {
  if (path.startsWith('/') || path.includes('\0')) return null;
  const segments: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '' || segment === '.') continue;
    if (segment !== '..') segments.push(segment);
    else if (segments.pop() === undefined) return null;
  }
  return segments.join('/');
}

/** The directories above a path, outermost first: `a`, `a/b` for `a/b/c`. */
export function* parentsOf(path: string): Generator<string> {
  for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) yield path.slice(0, slash);
}

/**
 * The paths of the files and links of one tree, checked as they come: each is below the root, in its shortest form and
 * new, and none is below a file or a link (a link may lead anywhere).
 */
export class TreePaths {
  readonly #files = new Set<string>();
  readonly #directories = new Set<string>();

  get size(): number {
    return this.#files.size;
  }

  /** Adds a path. Returns what is wrong with it, as the end of a sentence; null if it was added. */
  add(path: string): string | null {
    const problem = pathProblem(path);
    if (problem !== null) return problem;
    if (this.#files.has(path)) return 'is there twice';
    if (this.#directories.has(path)) return 'is also a directory';
    const parents: string[] = [];
    for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
      const parent = path.slice(0, slash);
      // The directories above a known one are known.
      if (this.#directories.has(parent)) break;
      if (this.#files.has(parent)) return `is below ${JSON.stringify(parent)}, which is not a directory`;
      parents.push(parent);
    }
    for (const parent of parents) this.#directories.add(parent);
    this.#files.add(path);
    return null;
  }
}

function pathProblem(path: string): string | null {
  if (path.startsWith('/')) return 'is absolute';
  if (path.includes('\0')) return 'has a NUL character';
  const segments = path.split('/');
  if (segments.includes('..')) return 'leaves the tree';
  if (segments.includes('') || segments.includes('.')) return 'has an empty or a "." segment';
  return null;
}
