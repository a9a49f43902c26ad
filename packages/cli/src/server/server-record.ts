import { open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { StateUnwritable } from '../io/state-directory.ts';

/** What `xx run` reads to find the server of this machine. */
export interface ServerRecord {
  readonly url: string;
  readonly token: string;
}

const recordPath = (home: string) => join(home, 'server.json');

/** The record of the last server that ran here; null when there is none that can be read. */
export async function readServerRecord(home: string): Promise<ServerRecord | null> {
  try {
    const { url, token } = JSON.parse(await readFile(recordPath(home), 'utf8')) as Partial<ServerRecord>;
    return typeof url === 'string' && typeof token === 'string' ? { url, token } : null;
  } catch {
    return null;
  }
}

/** Leaves word for `xx run`, for the owner's eyes only. */
export async function writeServerRecord(home: string, record: ServerRecord): Promise<void> {
  await writePrivately(recordPath(home), `${JSON.stringify(record, null, 2)}\n`);
}

/** Writes a file that only its owner can read, whole or not at all, never for a moment readable by others. */
export async function writePrivately(path: string, text: string): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const file = await open(temporary, 'w', 0o600);
    try {
      await file.chmod(0o600);
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw new StateUnwritable('write', path, error);
  }
}
