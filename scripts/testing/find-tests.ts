import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';

/** The test files by what they need. */
export interface TestFiles {
  /** Nothing but Node and git. */
  readonly quick: readonly string[];
  /** PostgreSQL, and nothing else. */
  readonly postgres: readonly string[];
  /** A Docker engine, or processes of their own. */
  readonly real: readonly string[];
}

/** All `*.test.ts` of the repository whose path contains one of `words` (all, if there are none). */
export function findTests(root: string, words: readonly string[]): TestFiles {
  const all = ['packages', 'test']
    .flatMap((top) => readdirSync(join(root, top), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && entry.name.endsWith('.test.ts') && !entry.parentPath.includes('node_modules'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .filter((path) => words.length === 0 || words.some((word) => path.includes(word)))
    .toSorted();
  const isReal = (path: string): boolean =>
    path.endsWith('.docker.test.ts') || (path.startsWith('test/') && !path.startsWith('test/repository/'));
  const isPostgres = (path: string): boolean => !isReal(path) && needsPostgres(path);
  return {
    quick: all.filter((path) => !isReal(path) && !isPostgres(path)),
    postgres: all.filter(isPostgres),
    real: all.filter(isReal),
  };
}

/** Whether a test file uses the PostgreSQL server that the test command brings. */
export function needsPostgres(path: string): boolean {
  return path.endsWith('.postgres.test.ts');
}
