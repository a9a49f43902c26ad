import { opendir } from 'node:fs/promises';
import { join, posix } from 'node:path';

/** Names of the files and links below a directory, relative to `root`; nothing if the directory is not there. */
export async function listFilesBelow(root: string, under: string): Promise<string[]> {
  const found: string[] = [];
  const walk = async (directory: string, relative: string) => {
    let entries: Awaited<ReturnType<typeof opendir>>;
    try {
      entries = await opendir(directory, { bufferSize: 256 });
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ENOTDIR') return;
      throw error;
    }
    const inner: string[] = [];
    for await (const entry of entries) {
      if (entry.isDirectory()) inner.push(entry.name);
      else if (entry.isFile() || entry.isSymbolicLink()) found.push(posix.join(relative, entry.name));
    }
    for (const name of inner) await walk(join(directory, name), posix.join(relative, name));
  };
  await walk(join(root, under), under === '.' ? '' : under);
  return found;
}
