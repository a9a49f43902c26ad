import type { TokenRole } from '@xx-pipeline/common';

/** Long-lived tokens, stored as SHA-256 only. Tokens of attempts are stored with their assignment, not here. */
export interface TokenStore {
  add(token: { hash: string; role: TokenRole; name: string; createdAt: number }): Promise<void>;
  find(hash: string): Promise<{ role: TokenRole; name: string } | null>;
  revoke(name: string): Promise<boolean>;
}
