import { createHash, timingSafeEqual } from 'node:crypto';

/** The token of an Authorization header; null when there is none. */
export function readBearer(authorization: string | undefined): string | null {
  return /^Bearer +([\w.~+/=-]{16,256}) *$/i.exec(authorization ?? '')?.[1] ?? null;
}

/** What is kept of a token. Tokens are long and random, so one round of SHA-256 is enough. */
export const hashToken = (token: string): string => createHash('sha256').update(token).digest('hex');

/** Whether two hashes are the same, in a time that tells nothing. */
export function sameHash(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}
