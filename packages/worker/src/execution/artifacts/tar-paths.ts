/**
 * A path of an archive as segments below the workspace: `./a//b/` is `a/b`; the workspace itself is the empty text.
 * Null for one that is absolute or leads out of it.
 */
export function pathInWorkspace(path: string): string | null {
  if (path.startsWith('/') || path.includes('\0')) return null;
  const segments: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '' || segment === '.') continue;
    if (segment === '..') {
      if (segments.pop() === undefined) return null;
    } else segments.push(segment);
  }
  return segments.join('/');
}

/** The directories above a path, outermost first: `a`, `a/b` for `a/b/c`. */
export function* parentsOf(path: string): Generator<string> {
  for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) yield path.slice(0, slash);
}
