import { createHash } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';

/** Writes a stream to a file, whole or not at all, and tells its size and digest. */
export async function saveArchive(
  path: string,
  archive: AsyncIterable<Uint8Array>,
): Promise<{ size: number; sha256: string }> {
  const temporary = `${path}.tmp`;
  const digest = createHash('sha256');
  let size = 0;
  try {
    const file = await open(temporary, 'w', 0o600);
    try {
      for await (const bytes of archive) {
        digest.update(bytes);
        size += bytes.length;
        // `writeFile` on an open file goes on where the last one ended, and writes all of it.
        await file.writeFile(bytes);
      }
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  return { size, sha256: digest.digest('hex') };
}
