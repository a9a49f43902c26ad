import { lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { CommandError } from '../../io/CommandIo.ts';
import { ExitCode } from '../../io/exit-codes.ts';
import { type GitCall, git } from '../../source/git.ts';

/** A file of a tree, not read yet. */
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

/** What a tree holds, and what of it cannot travel. */
export interface TreeListing {
  readonly entries: readonly TreeEntry[];
  /** Sentences for a person. */
  readonly notes: readonly string[];
}

/**
 * The files of a working tree as they are: tracked and untracked ones without those git ignores, nested repositories
 * included; everything where there is no repository. git's own folders never.
 */
export async function listTree(root: string, isRepository: boolean, call: Omit<GitCall, 'cwd'>): Promise<TreeListing> {
  const entries: TreeEntry[] = [];
  const special: string[] = [];
  const unnamable: string[] = [];
  const repositories = [''];
  for (let prefix = repositories.pop(); prefix !== undefined; prefix = repositories.pop()) {
    for (const path of isRepository ? await listWithGit(root, prefix, call) : listByWalking(root)) {
      const entry = readEntry(root, path);
      // Bytes that are no UTF-8 have been replaced: the name does not lead to the file any more.
      if (path.includes('\ufffd')) unnamable.push(path);
      else if (entry === 'special') special.push(path);
      // One that was never checked out is an empty directory, and git would answer for the repository around it.
      else if (entry === 'directory' && exists(join(root, path, '.git'))) repositories.push(`${path}/`);
      else if (typeof entry === 'object') entries.push(entry);
    }
  }
  const notes = [
    ...note(special, 'are no files, links or directories and stay here'),
    ...note(unnamable, 'have names that are no UTF-8 and stay here'),
  ];
  return { entries: entries.sort((left, right) => (left.path < right.path ? -1 : 1)), notes };
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

async function listWithGit(root: string, prefix: string, call: Omit<GitCall, 'cwd'>): Promise<Set<string>> {
  const args = ['ls-files', '-z', '-c', '-o', '--exclude-standard'];
  const result = await git(args, { ...call, cwd: join(root, prefix) });
  if (!result.ok) {
    throw new CommandError(
      `git cannot list the files of ${join(root, prefix)}: ${result.failure.message.split('\n')[0]}`,
      result.failure.kind === 'missing' ? ExitCode.machine : ExitCode.usage,
    );
  }
  // A file with conflicts is listed once per side.
  return new Set(
    result.output
      .split('\0')
      .filter((name) => name !== '')
      .map((name) => prefix + name.replace(/\/$/, '')),
  );
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
