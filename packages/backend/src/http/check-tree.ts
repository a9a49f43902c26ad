import type { SnapshotFile } from '@xx-pipeline/common';

/** A file of a tree that is not right. */
export interface TreeProblem {
  readonly pointer: string;
  readonly message: string;
}

const enough = 20;

/** Whether a list of files is a tree below one directory: no way out, nothing twice, nothing below a file or link. */
export function checkTree(files: readonly SnapshotFile[]): readonly TreeProblem[] {
  const problems: TreeProblem[] = [];
  const paths = new Set(files.map(({ path }) => path));
  const seen = new Set<string>();
  for (const [index, { path }] of files.entries()) {
    const message = pathProblem(path) ?? placeProblem(path, paths, seen);
    if (message !== null) problems.push({ pointer: `/files/${index}/path`, message });
    if (problems.length >= enough) break;
    seen.add(path);
  }
  return problems;
}

function pathProblem(path: string): string | null {
  if (path.startsWith('/')) return 'is absolute';
  if (path.includes('\0')) return 'has a NUL character';
  const segments = path.split('/');
  if (segments.some((segment) => segment === '..')) return 'leaves the tree';
  if (segments.some((segment) => segment === '' || segment === '.')) return 'has an empty or a . segment';
  return null;
}

function placeProblem(path: string, paths: ReadonlySet<string>, seen: ReadonlySet<string>): string | null {
  if (seen.has(path)) return 'is there twice';
  for (let slash = path.indexOf('/'); slash !== -1; slash = path.indexOf('/', slash + 1)) {
    if (paths.has(path.slice(0, slash))) return `lies below ${path.slice(0, slash)}, which is no directory`;
  }
  return null;
}
