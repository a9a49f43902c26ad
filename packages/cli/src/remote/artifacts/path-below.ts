/**
 * A path of an archive as segments below a directory: `./a//b/` is `a/b`; the directory itself is the empty text.
 * Null for one that is absolute or leads out of it.
 */
export function pathBelow(path: string): string | null {
  if (path.startsWith('/') || path.includes('\0')) return null;
  const segments: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '' || segment === '.') continue;
    if (segment !== '..') segments.push(segment);
    else if (segments.pop() === undefined) return null;
  }
  return segments.join('/');
}
