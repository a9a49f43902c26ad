/** Whom a token lets in. Tokens of attempts live with their assignment, not here. */
export type TokenRole = 'person' | 'worker';

/** Long-lived tokens, kept as SHA-256 only. */
export interface TokenStore {
  add(token: { hash: string; role: TokenRole; name: string; createdAt: number }): Promise<void>;
  find(hash: string): Promise<{ role: TokenRole; name: string } | null>;
  revoke(name: string): Promise<boolean>;
}
