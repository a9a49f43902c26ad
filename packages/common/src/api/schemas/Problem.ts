import { z } from 'zod';
import { failure, type Result } from '../../result.ts';

/** Media type of error answers (RFC 9457). */
export const problemMediaType = 'application/problem+json';

/** The one table of errors: a stable code, its HTTP status and its title. Clients decide by the code, never by a text. */
const problemTable = {
  bad_request: [400, 'The request is not valid'],
  unauthorized: [401, 'A valid token is required'],
  forbidden: [403, 'The token does not allow this'],
  not_found: [404, 'Not found'],
  conflict: [409, 'Not possible in the current state'],
  stale_attempt: [409, 'The attempt is not the current one'],
  snapshot_incomplete: [409, 'Contents of the snapshot are missing'],
  too_large: [413, 'Too large'],
  offset_gap: [416, 'Bytes before the offset are missing'],
  checksum_mismatch: [422, 'The bytes do not match their digest'],
  version_mismatch: [426, 'Client and server are too many versions apart'],
  worker_full: [429, 'The worker has no free slot'],
  internal: [500, 'The server failed'],
  unavailable: [503, 'Something that the server needs is unavailable'],
} as const satisfies Record<string, readonly [status: number, title: string]>;

type ProblemCode = keyof typeof problemTable;

/** An error answer; a problem document of RFC 9457 that names every bad field. */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string().exactOptional(),
  code: z.enum(Object.keys(problemTable) as [ProblemCode, ...ProblemCode[]]),
  errors: z.array(z.object({ pointer: z.string(), message: z.string() })).exactOptional(),
  /** With `offset_gap`: the offset at which to resume. */
  nextOffset: z.int().exactOptional(),
});

/** An error answer. */
export type Problem = z.infer<typeof problemSchema>;

/** Parts of a problem that only some codes have. */
export type ProblemDetails = Pick<Problem, 'errors' | 'nextOffset'>;

/** The problem document of a code. */
export function problem(code: ProblemCode, detail: string, more: ProblemDetails = {}): Problem {
  const [status, title] = problemTable[code];
  return { type: 'about:blank', title, status, detail, code, ...more };
}

/** A failed result with the problem of a code. */
export const refused = (code: ProblemCode, detail: string, more: ProblemDetails = {}): Result<never, Problem> =>
  failure(problem(code, detail, more));
