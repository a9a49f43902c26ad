import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';

/** Bytes of all files below a directory, about as much as they take on disk. */
export async function directorySize(path: string): Promise<number> {
  let size = 0;
  for await (const entry of await opendir(path, { recursive: true })) {
    if (entry.isFile()) size += (await lstat(join(entry.parentPath, entry.name))).size;
  }
  return size;
}
