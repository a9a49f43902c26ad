import type { Clock } from '@xx-pipeline/common';
import { type Caller, hashToken } from '@xx-pipeline/service';
import { parseAttemptToken } from '../execution/attempt-token.ts';
import type { TokenStore } from '../store/TokenStore.ts';

/** How long a token that was found counts as found: a revoked one works that much longer. */
const rememberMs = 5_000;
const rememberedTokens = 10_000;

interface Remembered {
  readonly caller: Caller;
  readonly until: number;
}

/** Finds the owners of tokens. Looks them up by hash, so the time it takes reveals nothing about tokens that exist. */
export class Authenticator {
  readonly #tokens: TokenStore;
  readonly #clock: Clock;
  readonly #remembered = new Map<string, Remembered>();

  constructor(tokens: TokenStore, clock: Clock) {
    this.#tokens = tokens;
    this.#clock = clock;
  }

  /** Null if the token has no owner. Tokens of attempts are checked by the services, which know the current attempt. */
  async authenticate(token: string): Promise<Caller | null> {
    if (token.startsWith('xxj_')) return parseAttemptToken(token) === null ? null : { kind: 'job', token };
    const hash = hashToken(token);
    const known = this.#remembered.get(hash);
    const now = this.#clock.now();
    if (known !== undefined && now < known.until) return known.caller;
    const found = await this.#tokens.find(hash);
    if (found === null) {
      this.#remembered.delete(hash);
      return null;
    }
    const caller: Caller = { kind: found.role, name: found.name };
    if (this.#remembered.size >= rememberedTokens) this.#remembered.clear();
    this.#remembered.set(hash, { caller, until: now + rememberMs });
    return caller;
  }
}
