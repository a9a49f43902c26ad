import { lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { failure, type Result, success } from '@xx-pipeline/common';
import { type GitCall, RepositoryReader } from '../git/RepositoryReader.ts';
import type { SourceProblem } from '../source-problem.ts';

/** A file of a tree, before its content is read. */
export type TreeEntry =
  | {
      /** Relative to the root, forward slashes. */
      readonly path: string;
      readonly size: number;
      readonly executable: boolean;
      /** Changes when the file does: times and the number of its inode. */
      readonly stamp: string;
      /** Milliseconds; the later of modification and change. */
      readonly changedAt: number;
    }
  | { readonly path: string; readonly link: string };

/** The files of a tree, and notes on those that cannot be sent. */
export interface TreeListing {
  readonly entries: readonly TreeEntry[];
  /** Sentences for a person. */
  readonly notes: readonly string[];
}

/**
 * The files of a working tree as they are: tracked and untracked ones without those git ignores, nested repositories
 * included; everything where there is no repository. git's own folders never.
 */
export async function listTree(
  root: string,
  isRepository: boolean,
  call: Omit<GitCall, 'cwd'>,
): Promise<Result<TreeListing, SourceProblem>> {
  const entries: TreeEntry[] = [];
  const special: string[] = [];
  const unnamable: string[] = [];
  const repositories = [''];
  for (let prefix = repositories.pop(); prefix !== undefined; prefix = repositories.pop()) {
    const listed = isRepository ? await listWithGit(root, prefix, call) : success(listByWalking(root));
    if (!listed.ok) return listed;
    for (const path of listed.value) {
      const entry = readEntry(root, path);
      // Invalid UTF-8 has been replaced: the name no longer leads to the file.
      if (path.includes('\ufffd')) unnamable.push(path);
      else if (entry === 'special') special.push(path);
      // A submodule that was never checked out is an empty directory; git would list the repository around it.
      else if (entry === 'directory' && exists(join(root, path, '.git'))) repositories.push(`${path}/`);
      else if (typeof entry === 'object') entries.push(entry);
    }
  }
  const notes = [
    ...note(special, 'not sent: not a file, link or directory'),
    ...note(unnamable, 'not sent: the name is not valid UTF-8'),
  ];
  return success({ entries: entries.sort((left, right) => (left.path < right.path ? -1 : 1)), notes });
}

const exists = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined;

function note(paths: readonly string[], what: string): string[] {
  if (paths.length === 0) return [];
  const more = paths.length > 3 ? ` and ${paths.length - 3} more` : '';
  return [`${paths.slice(0, 3).join(', ')}${more}: ${what}`];
}

function readEntry(root: string, path: string): TreeEntry | 'special' | 'directory' | 'gone' {
  const absolute = join(root, path);
  const found = lstatSync(absolute, { throwIfNoEntry: false });
  // Listed by git, deleted in the tree.
  if (found === undefined) return 'gone';
  // A submodule, or a repository within this one: it has ignore rules of its own.
  if (found.isDirectory()) return 'directory';
  if (found.isSymbolicLink()) return { path, link: readlinkSync(absolute) };
  if (!found.isFile()) return 'special';
  return {
    path,
    size: found.size,
    executable: (found.mode & 0o100) !== 0,
    stamp: `${found.mtimeMs} ${found.ctimeMs} ${found.ino} ${found.size}`,
    changedAt: Math.max(found.mtimeMs, found.ctimeMs),
  };
}

async function listWithGit(
  root: string,
  prefix: string,
  call: Omit<GitCall, 'cwd'>,
): Promise<Result<Iterable<string>, SourceProblem>> {
  const directory = join(root, prefix);
  // A reader of its own for each nested repository: they have configurations of their own.
  const reader = new RepositoryReader({ ...call, cwd: directory });
  const result = await reader.read(['ls-files', '-z', '-c', '-o', '--exclude-standard']);
  if (!result.ok) {
    const { kind, message } = result.error;
    if (kind === 'missing') return failure({ kind: 'git-missing' });
    const reason = message.split('\n')[0] ?? '';
    return failure({ kind: 'git-failed', action: 'list-files', subject: directory, reason });
  }
  const names = result.value.split('\0').filter((name) => name !== '');
  // A file with conflicts is listed once per side.
  return success(new Set(names.map((name) => prefix + name.replace(/\/$/, ''))));
}

function listByWalking(root: string): string[] {
  const files: string[] = [];
  const pending = [''];
  for (let prefix = pending.pop(); prefix !== undefined; prefix = pending.pop()) {
    for (const entry of readdirSync(join(root, prefix), { withFileTypes: true })) {
      if (entry.name === '.git') continue;
      const path = prefix + entry.name;
      if (entry.isDirectory()) pending.push(`${path}/`);
      else files.push(path);
    }
  }
  return files;
}
