import type { RepositoryFacts } from '@xx-pipeline/pipeline-language';
import type { GitResult } from '../git/git-process.ts';
import type { RepositoryReader } from '../git/RepositoryReader.ts';

/**
 * Paths for `rules:changes`: everything the tree, uncommitted and untracked files included, has changed since it
 * left the default branch of the remote. A tree that is exactly that branch compares its last commit with the one
 * before, as a push of it would. null, with nothing to compare with, makes every `changes` true.
 */
export function readChangedFiles(facts: RepositoryFacts, reader: RepositoryReader): readonly string[] | null {
  if (facts.defaultRef === null || facts.commit === null) return null;
  const sinceBase = diff(['--merge-base'], [facts.defaultRef], reader);
  const untracked = paths(reader.readSync(['ls-files', '-z', '-o', '--exclude-standard']));
  if (sinceBase === null || untracked === null) return null;
  const changed = [...new Set([...sinceBase, ...untracked])];
  return changed.length > 0 ? changed : diff([], ['HEAD^', 'HEAD'], reader);
}

function diff(
  options: readonly string[],
  revisions: readonly string[],
  reader: RepositoryReader,
): readonly string[] | null {
  const safe = ['--no-ext-diff', '--no-textconv', '--ignore-submodules=dirty'];
  const args = ['diff', '--name-only', '-z', '--no-renames', ...safe, ...options];
  return paths(reader.readSync([...args, '--end-of-options', ...revisions, '--']));
}

function paths(result: GitResult): readonly string[] | null {
  return result.ok ? result.value.split('\0').filter((path) => path !== '') : null;
}
