import { type FileHandle, open } from 'node:fs/promises';

/** Puts what was written to a file on the disk, without standing in the way meanwhile. */
export interface DiskSync {
  /** Resolves when all that was written before is on the disk. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** The write-ahead log of a SQLite database. The file stays the same for as long as the database is open. */
export function openWalSync(path: string): DiskSync {
  let file: Promise<FileHandle> | null = null;
  return {
    sync: async () => {
      file ??= open(`${path}-wal`, 'r+');
      try {
        await (await file).datasync();
      } catch (error) {
        await file.then((opened) => opened.close()).catch(() => undefined);
        file = null;
        throw error;
      }
    },
    close: async () => {
      const opened = await file?.catch(() => null);
      await opened?.close();
      file = null;
    },
  };
}
