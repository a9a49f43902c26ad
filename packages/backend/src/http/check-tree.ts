import { type SnapshotFile, TreePaths } from '@xx-pipeline/common';

/** A file of a tree whose path is wrong. */
export interface TreeProblem {
  readonly pointer: string;
  readonly message: string;
}

const enough = 20;

/** The problems of a list of files that is to be one tree; not more than a person reads. */
export function checkTree(files: readonly SnapshotFile[]): readonly TreeProblem[] {
  const problems: TreeProblem[] = [];
  const paths = new TreePaths();
  for (const [index, { path }] of files.entries()) {
    const message = paths.add(path);
    if (message !== null) problems.push({ pointer: `/files/${index}/path`, message });
    if (problems.length >= enough) break;
  }
  return problems;
}
