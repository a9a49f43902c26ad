import { type GitCall, gitSync } from '../git/git.ts';
import type { RepositoryFacts } from './repository-facts.ts';

/**
 * Paths that `rules:changes` sees: everything the tree, uncommitted and untracked files included, has changed since it
 * left the default branch of the remote. A tree that is exactly that branch compares its last commit with the one
 * before, as a push of it would. null, with nothing to compare with, makes every `changes` true.
 */
export function readChangedFiles(facts: RepositoryFacts, call: GitCall): readonly string[] | null {
  if (facts.defaultRef === null || facts.commit === null) return null;
  const sinceBase = diff(['--merge-base'], [facts.defaultRef], call);
  const untracked = paths(gitSync(['ls-files', '-z', '-o', '--exclude-standard'], call));
  if (sinceBase === null || untracked === null) return null;
  const changed = [...new Set([...sinceBase, ...untracked])];
  return changed.length > 0 ? changed : diff([], ['HEAD^', 'HEAD'], call);
}

function diff(options: readonly string[], revisions: readonly string[], call: GitCall): readonly string[] | null {
  const args = ['diff', '--name-only', '-z', '--no-renames', '--no-ext-diff', ...options];
  return paths(gitSync([...args, '--end-of-options', ...revisions, '--'], call));
}

function paths(result: ReturnType<typeof gitSync>): readonly string[] | null {
  return result.ok ? result.output.split('\0').filter((path) => path !== '') : null;
}
