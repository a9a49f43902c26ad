import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

const chunkSize = 256 * 1024;

/**
 * Reads a file that grows, from wherever it is asked to. The file lies where a job can write: only a regular file is
 * read, never what a link leads to.
 */
export class FileTail {
  readonly #path: string;
  #file: FileHandle | null = null;
  #closed = false;

  constructor(path: string) {
    this.#path = path;
  }

  /** The bytes at a position, as many as fit a buffer; null when there are none (yet). */
  async read(position: number): Promise<Buffer | null> {
    this.#file ??= this.#closed ? null : await this.#open();
    if (this.#closed) await this.close();
    if (this.#file === null) return null;
    const { bytesRead, buffer } = await this.#file.read(Buffer.allocUnsafe(chunkSize), 0, chunkSize, position);
    return bytesRead === 0 ? null : buffer.subarray(0, bytesRead);
  }

  /** For good, also if it is just being opened. */
  async close(): Promise<void> {
    this.#closed = true;
    const file = this.#file;
    this.#file = null;
    await file?.close().catch(() => {});
  }

  async #open(): Promise<FileHandle | null> {
    let file: FileHandle;
    try {
      // Without blocking: a FIFO in its place must not hold us up.
      file = await open(this.#path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ELOOP') return null;
      throw error;
    }
    if ((await file.stat()).isFile()) return file;
    await file.close();
    return null;
  }
}
