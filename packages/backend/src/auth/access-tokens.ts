import { randomBytes } from 'node:crypto';
import type { Clock, TokenRole } from '@xx-pipeline/common';
import { hashToken } from '@xx-pipeline/service';
import type { TokenStore } from '../store/TokenStore.ts';

const prefixes: Readonly<Record<TokenRole, string>> = { person: 'xxp', worker: 'xxw' };
const tokenBytes = 32;

/** Makes a token. It is returned once, here, and stored as its hash only. */
export async function createAccessToken(
  tokens: TokenStore,
  { role, name }: { readonly role: TokenRole; readonly name: string },
  clock: Clock,
): Promise<string> {
  const token = `${prefixes[role]}_${randomBytes(tokenBytes).toString('base64url')}`;
  await tokens.add({ hash: hashToken(token), role, name, createdAt: clock.now() });
  return token;
}

/** Whether a token exists and has this role. */
export async function isValidToken(tokens: TokenStore, token: string, role: TokenRole): Promise<boolean> {
  return (await tokens.find(hashToken(token)))?.role === role;
}
