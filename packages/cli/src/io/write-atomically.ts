import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Replaces a file whole or not at all: readers see the old text or the new one, also after kill -9.
 * `durable` waits until the disk has it.
 */
export async function writeAtomically(path: string, text: string, options: { durable: boolean }): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const file = await open(temporary, 'w');
    try {
      await file.writeFile(text);
      if (options.durable) await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
  if (options.durable) await syncDirectory(dirname(path));
}

async function syncDirectory(path: string): Promise<void> {
  // Some file systems cannot sync a directory; the rename itself has happened.
  const directory = await open(path, 'r').catch(() => null);
  await directory?.sync().catch(() => undefined);
  await directory?.close();
}
