import { realpathSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { failure, type Result, success } from '@xx-pipeline/common';
import type { SourceProblem } from '../source-problem.ts';
import { findRepositoryRoot } from './find-repository.ts';

/** Names of pipeline files, in order of preference. */
export const pipelineFileNames = [
  '.xx-pipeline.yml',
  '.xx-pipeline.yaml',
  '.pipelines/pipeline.yaml',
  '.pipelines/pipeline.yml',
  '.gitlab-ci.yml',
] as const;

/** A pipeline file and the tree it belongs to. */
export interface PipelineLocation {
  /** Absolute; the repository's root, or the directory that takes its place. */
  readonly root: string;
  /** Whether `root` is a git repository. */
  readonly isRepository: boolean;
  /** Absolute. */
  readonly path: string;
  /** As messages show it: relative to the root with forward slashes, or absolute if it is outside. */
  readonly file: string;
  /** The user named the file, so it may be a link to anywhere. */
  readonly isNamed: boolean;
}

/**
 * Finds the pipeline file: `file` as given, else the first known name in `cwd` or a directory above it, up to the
 * root of the repository. The tree is the repository of the file, else that of `cwd`, else `cwd` itself.
 */
export function findPipelineFile(cwd: string, file?: string): Result<PipelineLocation, SourceProblem> {
  const start = realpathSync(cwd);
  const path = file === undefined ? searchUpwards(start) : resolve(start, file);
  if (path === null) {
    const inRepository = findRepositoryRoot(start) !== null;
    return failure({ kind: 'no-pipeline-file', directory: start, inRepository });
  }
  const repository = findRepositoryRoot(dirname(path)) ?? findRepositoryRoot(start);
  const root = repository ?? (isInside(start, path) ? start : dirname(path));
  const shown = isInside(root, path) ? relative(root, path).split(sep).join('/') : path;
  return success({ root, isRepository: repository !== null, path, file: shown, isNamed: file !== undefined });
}

/** Whether `path` is `directory` or below it, judged by names alone. */
export function isInside(directory: string, path: string): boolean {
  const way = relative(directory, path);
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way));
}

function searchUpwards(start: string): string | null {
  const top = findRepositoryRoot(start) ?? start;
  for (let directory = start; ; directory = dirname(directory)) {
    for (const name of pipelineFileNames) {
      const candidate = join(directory, name);
      if (statSync(candidate, { throwIfNoEntry: false })?.isFile()) return candidate;
    }
    if (directory === top || directory === dirname(directory)) return null;
  }
}
