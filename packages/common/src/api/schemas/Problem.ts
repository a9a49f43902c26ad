import { z } from 'zod';

/** Media type of error answers (RFC 9457). */
export const problemMediaType = 'application/problem+json';

/** Stable names of what can go wrong; clients decide by these, never by the text. */
export const problemCodes = [
  'bad_request',
  'unauthorized',
  'forbidden',
  'not_found',
  'conflict',
  'stale_attempt',
  'worker_full',
  'offset_gap',
  'too_large',
  'checksum_mismatch',
  'snapshot_incomplete',
  'unavailable',
  'internal',
] as const;

/** An error answer; a problem document of RFC 9457 with every bad field named. */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string().exactOptional(),
  code: z.enum(problemCodes),
  errors: z.array(z.object({ pointer: z.string(), message: z.string() })).exactOptional(),
  /** `offset_gap`: where to go on. */
  nextOffset: z.int().exactOptional(),
});

/** An error answer. */
export type Problem = z.infer<typeof problemSchema>;
