import { ApiMismatch, ApiProblem, ApiUnreachable } from '../client/api-errors.ts';

/** Whether the same call may succeed later although nothing about it changes. */
export type IsTransient = (error: unknown) => boolean;

const transientStatuses: readonly number[] = [408, 429, 502, 503, 504];

/**
 * Transient for a caller that a person waits for: no answer, a server that is busy or starting. An answer of 500 is a bug
 * of the server: the person hears of it at once.
 */
export const isTransient: IsTransient = (error) => {
  if (error instanceof ApiUnreachable) return true;
  return error instanceof ApiProblem && transientStatuses.includes(error.status);
};

/**
 * Transient for a worker that must not lose a result. Besides the above: every answer of 5xx; an answer that is not of
 * this API (the page of a proxy); a rejected token (a server whose database is being restored knows no token); a server too
 * many versions away (its upgrade may be under way). A local
 * error, such as a full disk, is not transient: a retry of the call does not repair it.
 */
export const isTransientForWorker: IsTransient = (error) => {
  if (error instanceof ApiMismatch) return true;
  if (error instanceof ApiProblem && (error.status >= 500 || [401, 403, 426].includes(error.status))) return true;
  return isTransient(error);
};
