import { failure, type Result } from '@xx-pipeline/common';
import type { Problem } from '@xx-pipeline/common/api';

type Code = Problem['code'];

const statuses: Readonly<Record<Code, number>> = {
  bad_request: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  stale_attempt: 409,
  snapshot_incomplete: 409,
  too_large: 413,
  offset_gap: 416,
  checksum_mismatch: 422,
  worker_full: 429,
  unavailable: 503,
  internal: 500,
};

const titles: Readonly<Record<Code, string>> = {
  bad_request: 'The request is not understood',
  unauthorized: 'Who are you?',
  forbidden: 'Not allowed',
  not_found: 'Not found',
  conflict: 'Not possible in this state',
  stale_attempt: 'The attempt is not the current one',
  snapshot_incomplete: 'The snapshot is not complete',
  too_large: 'Too large',
  offset_gap: 'Bytes are missing before the offset',
  checksum_mismatch: 'The digest does not fit',
  worker_full: 'No free slot',
  unavailable: 'Not available now',
  internal: 'The server failed',
};

/** The problem document of a code. */
export function problem(code: Code, detail: string, extra: Pick<Problem, 'errors' | 'nextOffset'> = {}): Problem {
  return { type: 'about:blank', title: titles[code], status: statuses[code], detail, code, ...extra };
}

/** A refusal. */
export const refused = (
  code: Code,
  detail: string,
  extra: Pick<Problem, 'errors' | 'nextOffset'> = {},
): Result<never, Problem> => failure(problem(code, detail, extra));
