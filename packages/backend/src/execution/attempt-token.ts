import { randomBytes } from 'node:crypto';
import type { Principal } from '@xx-pipeline/common';
import type { TokenHolder } from '@xx-pipeline/service';

/** The claim of an attempt's token; only the assignment says whether the token is the right one. */
export interface AttemptTokenParts {
  readonly jobId: string;
  readonly attempt: number;
}

const secretBytes = 32;
const pattern = /^xxj_([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})_([1-9]\d{0,8})_[\w-]{43}$/;

/** A fencing token: names its job and attempt, so that it can be looked up, and is kept as a digest only. */
export function newAttemptToken(jobId: string, attempt: number): string {
  return `xxj_${jobId.replaceAll('-', '')}_${attempt}_${randomBytes(secretBytes).toString('base64url')}`;
}

/** The attempt that a token is for; null if it is not the token of an attempt. */
export function parseAttemptToken(token: string): AttemptTokenParts | null {
  const match = pattern.exec(token);
  if (match === null) return null;
  return { jobId: match.slice(1, 6).join('-'), attempt: Number(match[6]) };
}

/** The principal of a caller. The holder of an attempt's token is what the token says; the services check it. */
export function principalOf(caller: TokenHolder): Principal {
  if (caller.kind !== 'job') return { kind: caller.kind, name: caller.name };
  const named = parseAttemptToken(caller.token);
  if (named === null) throw new Error('the token of an attempt that was not checked');
  return { kind: 'job', ...named };
}
