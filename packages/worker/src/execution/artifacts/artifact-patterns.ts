import { parentsOf, pathInside } from '@xx-pipeline/common';
import { Minimatch } from 'minimatch';

const longestPattern = 256;
const mostBraces = 8;
const magic = /[*?[\]{}!+@()]/;

/** One pattern of `artifacts:paths` or `artifacts:exclude`. */
export interface ArtifactPattern {
  /** As the user wrote it. */
  readonly text: string;
  /** The directory that contains everything it can match, or the only file; empty for the whole workspace. */
  readonly root: string;
  /** Matches only its root and everything below. */
  readonly literal: boolean;
  /** Whether the pattern names this path itself. */
  readonly matches: (path: string) => boolean;
}

/** A pattern that cannot be used. That is a warning, never a failure. */
export interface RejectedPattern {
  readonly text: string;
  readonly why: string;
}

/** Reads a pattern. Absolute ones may lead into the workspace, whose path in the container is `workspace`. */
export function readPattern(text: string, workspace: string): ArtifactPattern | RejectedPattern {
  const inside = text === workspace || text.startsWith(`${workspace}/`) ? text.slice(workspace.length + 1) : text;
  if (text === '') return { text, why: 'it is empty' };
  if (text.length > longestPattern) return { text, why: `it is longer than ${longestPattern} characters` };
  if (text.split('{').length - 1 > mostBraces) return { text, why: `it has more than ${mostBraces} braces` };
  const path = pathInside(inside);
  if (path === null) return { text, why: 'it is outside the workspace' };
  const segments = path.split('/');
  const first = segments.findIndex((segment) => magic.test(segment) || segment.includes('\\'));
  if (first < 0) return { text, root: path, literal: true, matches: (candidate) => candidate === path };
  // A check of segments does not see `..` in a brace.
  if (/(^|[{,/])\.\.($|[},/])/.test(path)) return { text, why: 'it is outside the workspace' };
  const glob = new Minimatch(path, { dot: true, nocomment: true, nonegate: true, noext: true, optimizationLevel: 1 });
  const root = segments.slice(0, first).join('/');
  return { text, root, literal: false, matches: (candidate) => glob.match(candidate) };
}

/** Whether a path, or a directory above it, is matched: a matched directory is kept with all it holds. */
export function covers(pattern: ArtifactPattern, path: string): boolean {
  if (pattern.literal) {
    return pattern.root === '' || path === pattern.root || path.startsWith(`${pattern.root}/`);
  }
  if (pattern.matches(path)) return true;
  for (const parent of parentsOf(path)) {
    if (parent.length > pattern.root.length && pattern.matches(parent)) return true;
  }
  return false;
}
