import { Minimatch } from 'minimatch';

const maxLength = 256;
const maxBraces = 8;
/** What the braces of one pattern may multiply to. */
const maxAlternatives = 1000;

/** Tells whether a path matches. */
export type PathMatcher = (path: string) => boolean;

/** Why a glob is refused, in one sentence without its subject; null when it is fine. */
export function globProblem(pattern: string): string | null {
  if (pattern.length > maxLength) return `is longer than ${maxLength} characters`;
  const braces = pattern.replaceAll(/\\./gs, '').split('{').length - 1;
  if (braces > maxBraces) return `has more than ${maxBraces} pairs of braces`;
  if (expandBraces(pattern) === null) return `stands for more than ${maxAlternatives} patterns`;
  return null;
}

/** Whether a path matches a glob of `rules:changes`; a glob with a problem matches nothing. */
export function matchGlob(pattern: string, path: string): boolean {
  return compileGlob(pattern)(path);
}

/**
 * Compiles a glob with the meaning of Ruby's `fnmatch` (PATHNAME, DOTMATCH, EXTGLOB): `*` and `?` stay within a
 * directory and match leading dots, a `**` directory stands for any number of directories, braces are alternatives.
 */
export function compileGlob(pattern: string): PathMatcher {
  if (globProblem(pattern) !== null) return () => false;
  const matchers = (expandBraces(pattern) ?? []).map(compileSimple);
  return (path) => matchers.some((matches) => matches(path));
}

/**
 * Whether any file of the tree answers a pattern of `rules:exists`. A trailing slash asks for a directory with
 * something in it, a pattern without slash sees only the root.
 */
export function matchExists(pattern: string, files: readonly string[]): boolean {
  if (globProblem(pattern) !== null) return false;
  if (pattern.endsWith('/')) return files.some((file) => file.startsWith(pattern));
  if (!/[*?[\]{}\\]/.test(pattern)) return files.includes(pattern);
  const extension = /^\*\*\/\*(\.[\w.-]+)$/.exec(pattern)?.[1];
  if (extension !== undefined) return files.some((file) => file.endsWith(extension));
  return files.some(compileGlob(pattern));
}

function compileSimple(pattern: string): PathMatcher {
  if (!/[*?[\]\\]/.test(pattern)) return (path) => path === pattern;
  const segments = pattern.split('/');
  // Paths are normalised, and what minimatch would make of these parts is not what Ruby does.
  if (segments.some((segment) => segment === '' || segment === '.' || segment === '..')) return () => false;
  // Two stars cross directories only when a slash follows.
  if (segments.at(-1) === '**') segments[segments.length - 1] = '*';
  const compiled = new Minimatch(segments.join('/'), {
    dot: true,
    nobrace: true,
    nocomment: true,
    noext: true,
    nonegate: true,
    platform: 'linux',
  });
  return (path) => compiled.match(path);
}

/** All alternatives of `{a,b{c,d}}`; unbalanced braces are plain text; null when there are too many. */
function expandBraces(pattern: string): string[] | null {
  const open = findBrace(pattern);
  if (open === null) return [pattern];
  const results: string[] = [];
  const head = pattern.slice(0, open.start);
  const tails = expandBraces(pattern.slice(open.end + 1));
  if (tails === null) return null;
  for (const part of open.parts) {
    const middles = expandBraces(part);
    if (middles === null || results.length + middles.length * tails.length > maxAlternatives) return null;
    for (const middle of middles) for (const tail of tails) results.push(head + middle + tail);
  }
  return results;
}

/** The first balanced pair of braces and the texts between its commas. */
function findBrace(pattern: string): { start: number; end: number; parts: string[] } | null {
  for (let start = nextBrace(pattern, 0); start >= 0; start = nextBrace(pattern, start + 1)) {
    const parts: string[] = [];
    let depth = 0;
    let from = start + 1;
    for (let at = start; at < pattern.length; at += 1) {
      const char = pattern[at];
      if (char === '\\') {
        at += 1;
      } else if (char === '{') {
        depth += 1;
      } else if (char === ',' && depth === 1) {
        parts.push(pattern.slice(from, at));
        from = at + 1;
      } else if (char === '}') {
        depth -= 1;
        if (depth === 0) return { start, end: at, parts: [...parts, pattern.slice(from, at)] };
      }
    }
  }
  return null;
}

function nextBrace(pattern: string, from: number): number {
  for (let at = from; at < pattern.length; at += 1) {
    if (pattern[at] === '\\') at += 1;
    else if (pattern[at] === '{') return at;
  }
  return -1;
}
