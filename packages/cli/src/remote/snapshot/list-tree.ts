import { lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { CommandError } from '../../commands/Command.ts';
import { ExitCode } from '../../exit-codes.ts';
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
  const paths = isRepository ? await listWithGit(root, '', call) : listByWalking(root);
  const entries: TreeEntry[] = [];
  const special: string[] = [];
  const unnamable: string[] = [];
  for (const path of [...paths].sort()) {
    // Bytes that are no UTF-8 have been replaced: the name does not lead to the file any more.
    if (path.includes('\ufffd')) unnamable.push(path);
    else {
      const entry = readEntry(root, path);
      if (entry === 'special') special.push(path);
      else if (entry !== null) entries.push(entry);
    }
  }
  const notes = [
    ...note(special, 'are no files, links or directories and stay here'),
    ...note(unnamable, 'have names that are no UTF-8 and stay here'),
  ];
  return { entries, notes };
}

function note(paths: readonly string[], what: string): string[] {
  if (paths.length === 0) return [];
  const more = paths.length > 3 ? ` and ${paths.length - 3} more` : '';
  return [`${paths.slice(0, 3).join(', ')}${more}: ${what}`];
}

function readEntry(root: string, path: string): TreeEntry | 'special' | null {
  const absolute = join(root, path);
  const found = lstatSync(absolute, { throwIfNoEntry: false });
  // Listed by git, deleted in the tree; or a directory where a file was.
  if (found === undefined || found.isDirectory()) return null;
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
  const found = new Set<string>();
  for (const name of result.output.split('\0')) {
    if (name === '') continue;
    const path = prefix + name.replace(/\/$/, '');
    // A submodule, or a repository within this one: it has ignore rules of its own.
    if (isDirectory(join(root, path))) {
      for (const inner of await listNested(root, `${path}/`, call)) found.add(inner);
    } else found.add(path);
  }
  return found;
}

async function listNested(root: string, prefix: string, call: Omit<GitCall, 'cwd'>): Promise<Iterable<string>> {
  // One that was never checked out is an empty directory, and git would answer for the repository around it.
  const isOwn = lstatSync(join(root, prefix, '.git'), { throwIfNoEntry: false }) !== undefined;
  return isOwn ? await listWithGit(root, prefix, call) : [];
}

const isDirectory = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

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
