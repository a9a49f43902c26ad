import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import type { FileProvider } from '@xx-pipeline/pipeline-language';
import type { RepositoryReader } from '../git/RepositoryReader.ts';
import { isInside } from './find-pipeline-file.ts';

/**
 * The files of a directory tree as the language sees them. Nothing outside the tree can be read, neither through
 * `..` nor through symbolic links, and nothing in git's own folder. `reader` is null where there is no repository.
 */
export function workingTreeFiles(root: string, reader: RepositoryReader | null): FileProvider {
  const realRoot = realpathSync(root);
  return {
    read: (path) => readInside(realRoot, path),
    list: () => (reader === null ? null : listWithGit(reader)) ?? listByWalking(realRoot),
  };
}

/** The text of a plain file in the tree, reached through links inside the tree only; null if there is none. */
export function readInside(realRoot: string, path: string): string | null {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.length === 0 || parts.includes('..') || path.includes('\0') || parts[0] === '.git') return null;
  try {
    const real = realpathSync(join(realRoot, ...parts));
    if (!isInside(realRoot, real) || isInside(join(realRoot, '.git'), real)) return null;
    // Only plain files: reading a pipe or a device could block forever.
    return statSync(real).isFile() ? readFileSync(real, 'utf8') : null;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP' || code === 'ENAMETOOLONG') return null;
    throw error;
  }
}

/** Tracked and untracked files without the ignored ones; null if git cannot answer. */
function listWithGit(reader: RepositoryReader): readonly string[] | null {
  const result = reader.readSync(['ls-files', '-z', '-t', '-c', '-o', '-d', '--exclude-standard']);
  if (!result.ok) return null;
  const files = new Set<string>();
  const deleted: string[] = [];
  for (const entry of result.value.split('\0')) {
    // `<tag> <path>`; a file deleted from the tree is listed under its index tag and again as `R`.
    if (entry.startsWith('R ')) deleted.push(entry.slice(2));
    else if (entry !== '') files.add(entry.slice(2));
  }
  for (const path of deleted) files.delete(path);
  return [...files];
}

function listByWalking(root: string): readonly string[] {
  const files: string[] = [];
  const pending = [''];
  for (let prefix = pending.pop(); prefix !== undefined; prefix = pending.pop()) {
    for (const entry of readdirSync(join(root, prefix.split('/').join(sep)), { withFileTypes: true })) {
      const path = prefix + entry.name;
      if (entry.isDirectory()) {
        if (entry.name !== '.git') pending.push(`${path}/`);
      } else files.push(path);
    }
  }
  return files.sort();
}
