import type { Result } from '@xx-pipeline/common';
import type { Problem } from '@xx-pipeline/common/api';

type Code = Problem['code'];

const titles: Readonly<Record<Code, readonly [status: number, title: string]>> = {
  bad_request: [400, 'The request is not right'],
  unauthorized: [401, 'A token is needed'],
  forbidden: [403, 'This token does not allow that'],
  not_found: [404, 'There is no such thing'],
  conflict: [409, 'That is not possible in this state'],
  stale_attempt: [409, 'This attempt is not the current one'],
  worker_full: [429, 'The worker has no free slot'],
  offset_gap: [416, 'Bytes before this offset are missing'],
  too_large: [413, 'That is too large'],
  checksum_mismatch: [422, 'The bytes do not fit their digest'],
  snapshot_incomplete: [409, 'Contents of the snapshot are missing'],
  unavailable: [503, 'Something this server needs does not answer'],
  internal: [500, 'The server failed'],
};

/** Thrown by handlers to answer with an error; becomes a problem document. */
export class HttpProblem extends Error {
  override readonly name = 'HttpProblem';
  readonly document: Problem;

  constructor(code: Code, detail: string, more: Pick<Problem, 'errors' | 'nextOffset'> = {}) {
    super(detail);
    const [status, title] = titles[code];
    this.document = { type: 'about:blank', title, status, detail, code, ...more };
  }

  /** The value of a result; its problem is thrown. */
  static orThrow<T>(result: Result<T, Problem>): T {
    if (result.ok) return result.value;
    const { code, detail, errors, nextOffset } = result.error;
    throw new HttpProblem(code, detail ?? result.error.title, {
      ...(errors !== undefined && { errors }),
      ...(nextOffset !== undefined && { nextOffset }),
    });
  }
}
