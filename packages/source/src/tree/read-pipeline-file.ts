import { readFileSync, realpathSync } from 'node:fs';
import { failure, type Result, success } from '@xx-pipeline/common';
import type { SourceProblem } from '../source-problem.ts';
import type { PipelineLocation } from './find-pipeline-file.ts';
import { readInside } from './working-tree-files.ts';

/**
 * The text of a pipeline file. One that was found, not named, may be a link inside its tree only: what it contains is
 * quoted in diagnostics, and whoever wrote the tree must not choose what they quote.
 */
export function readPipelineFile(location: PipelineLocation): Result<string, SourceProblem> {
  const { file, path, root, isNamed } = location;
  const unreadable = (reason: 'missing' | 'denied' | 'directory' | 'outside') =>
    failure({ kind: 'unreadable-pipeline-file', file, reason } as const);
  try {
    if (isNamed) return success(readFileSync(path, 'utf8'));
    const text = readInside(realpathSync(root), file);
    return text === null ? unreadable('outside') : success(text);
  } catch (error) {
    switch ((error as NodeJS.ErrnoException).code) {
      case 'ENOENT':
      case 'ENOTDIR':
        return unreadable('missing');
      case 'EACCES':
        return unreadable('denied');
      case 'EISDIR':
        return unreadable('directory');
      default:
        throw error;
    }
  }
}
