import { HttpProblem } from '@xx-pipeline/service';
import { StorageError } from '../storage/StorageError.ts';

/** What storage that fails is to those who call: try again later. Anything else is a bug. */
export function explainError(error: unknown): HttpProblem | null {
  return error instanceof StorageError ? new HttpProblem('unavailable', error.message) : null;
}
