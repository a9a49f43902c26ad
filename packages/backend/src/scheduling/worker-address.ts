import type { SecretBox } from '../secrets/SecretBox.ts';
import type { WorkerRecord } from '../store/WorkerStore.ts';
import type { WorkerAddress } from './WorkerClient.ts';

/** Encrypts the token that a worker expects for storage: every backend of the database can call it, also after a restart. */
export const sealPushToken = (workerId: string, token: string, secrets: SecretBox): string =>
  secrets.seal(token, contextOf(workerId));

/** How to call a worker; null when it polls, or its token cannot be decrypted. */
export function workerAddress(
  { id, url, pushToken }: Pick<WorkerRecord, 'id' | 'url' | 'pushToken'>,
  secrets: SecretBox,
): WorkerAddress | null {
  if (url === null || pushToken === null) return url === null ? null : { url, token: null };
  const token = secrets.open(pushToken, contextOf(id));
  return token.ok ? { url, token: token.value } : null;
}

const contextOf = (workerId: string): string => `worker/${workerId}`;
