import { HttpProblem } from '@xx-pipeline/service';
import { StorageError } from '../storage/StorageError.ts';

/** Failing storage is a problem that callers may retry later. Any other error is a bug: null. */
export function explainError(error: unknown): HttpProblem | null {
  return error instanceof StorageError ? new HttpProblem('unavailable', error.message) : null;
}
