import { systemClock, type TokenRole } from '@xx-pipeline/common';
import { openStores, type StoresConfig } from '../open-stores.ts';
import { createAccessToken } from './access-tokens.ts';

/** The tokens of a backend, whether it runs or not. */
export interface TokenAdministration {
  /** Makes a token; it cannot be shown again. */
  create(role: TokenRole, name: string): Promise<string>;
  /** false when no token has that name. */
  revoke(name: string): Promise<boolean>;
  close(): Promise<void>;
}

/** Opens the tokens in a database. */
export async function openTokens(config: StoresConfig): Promise<TokenAdministration> {
  const stores = await openStores(config);
  return {
    create: (role, name) => createAccessToken(stores.tokens, { role, name }, systemClock),
    revoke: (name) => stores.tokens.revoke(name),
    close: () => stores.close(),
  };
}
