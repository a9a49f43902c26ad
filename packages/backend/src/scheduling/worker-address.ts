import type { SecretBox } from '../secrets/SecretBox.ts';
import type { WorkerRecord } from '../store/WorkerStore.ts';
import type { WorkerAddress } from './WorkerClient.ts';

/**
 * A worker's address as it is stored: what the worker wants to be shown stands behind `#`, encrypted, so that every
 * backend of the database can call it, also after a restart.
 */
export function storedAddress(
  workerId: string,
  url: string | undefined,
  pushToken: string | undefined,
  secrets: SecretBox,
): string | null {
  if (url === undefined) return null;
  const plain = url.replace(/#.*$/, '');
  return pushToken === undefined ? plain : `${plain}#${secrets.seal(pushToken, contextOf(workerId))}`;
}

/** The address as people see it. */
export const shownAddress = (url: string | null): string | null => url?.replace(/#.*$/, '') ?? null;

/** How to call a worker; null when it polls, or its token cannot be decrypted. */
export function workerAddress({ id, url }: Pick<WorkerRecord, 'id' | 'url'>, secrets: SecretBox): WorkerAddress | null {
  if (url === null) return null;
  const [plain = '', sealed] = url.split('#');
  if (sealed === undefined) return { url: plain, token: null };
  const token = secrets.open(sealed, contextOf(id));
  return token.ok ? { url: plain, token: token.value } : null;
}

const contextOf = (workerId: string): string => `worker/${workerId}`;
