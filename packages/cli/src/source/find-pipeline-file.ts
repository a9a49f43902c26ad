import { realpathSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { CommandError } from '../io/CommandIo.ts';
import { ExitCode } from '../io/exit-codes.ts';
import { findRepositoryRoot } from './find-repository.ts';

/** File names looked for, best first. */
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
  /** As messages show it: relative to the root with forward slashes, or absolute when it lies outside. */
  readonly file: string;
}

/**
 * Finds the pipeline file: `file` as given, else the first known name in `cwd` or a directory above it, up to the
 * root of the repository. The tree is the repository of the file, else that of `cwd`, else `cwd` itself.
 * Throws CommandError when there is none.
 */
export function findPipelineFile(cwd: string, file?: string): PipelineLocation {
  const start = realpathSync(cwd);
  const path = file === undefined ? searchUpwards(start) : resolve(start, file);
  if (path === null) {
    throw new CommandError(
      `no pipeline file in ${start}${findRepositoryRoot(start) === null ? '' : ' or above it in its repository'}`,
      ExitCode.usage,
      `looked for ${pipelineFileNames.join(', ')}; name another with --file, or let \`xx init\` write one`,
    );
  }
  const repository = findRepositoryRoot(dirname(path)) ?? findRepositoryRoot(start);
  const root = repository ?? (isInside(start, path) ? start : dirname(path));
  const shown = isInside(root, path) ? relative(root, path).split(sep).join('/') : path;
  return { root, isRepository: repository !== null, path, file: shown };
}

/** Whether `path` is `directory` or lies below it, going by names alone. */
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
