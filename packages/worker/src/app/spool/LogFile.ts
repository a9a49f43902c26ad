import { closeSync, fstatSync, ftruncateSync, openSync, read, readSync, writev, writevSync } from 'node:fs';

/** Up to this many bytes, a synchronous call costs less than one in another thread. */
const smallBytes = 64 * 1024;

/** The file of a `LogSpool`: few bytes are read and written synchronously, many in the background. */
export class LogFile {
  readonly #descriptor: number;

  private constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  /** Opens a file; creates it if it is missing. */
  static open(path: string): LogFile {
    return new LogFile(openSync(path, 'a+', 0o600));
  }

  get size(): number {
    return fstatSync(this.#descriptor).size;
  }

  async read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ bytesRead: number; buffer: Buffer }> {
    const { promise, resolve, reject } = Promise.withResolvers<{ bytesRead: number; buffer: Buffer }>();
    if (length <= smallBytes) {
      return { bytesRead: readSync(this.#descriptor, buffer, offset, length, position), buffer };
    }
    read(this.#descriptor, buffer, offset, length, position, (error, bytesRead) => {
      if (error === null) resolve({ bytesRead, buffer });
      else reject(error);
    });
    return promise;
  }

  /** Appends. Returns how many bytes were written: fewer when the disk is full. */
  append(pieces: readonly Uint8Array[]): number {
    return writevSync(this.#descriptor, pieces);
  }

  /** Appends in the background. Returns how many bytes were written. */
  appendMuch(pieces: readonly Uint8Array[]): Promise<number> {
    return new Promise((resolve, reject) => {
      writev(this.#descriptor, pieces, (error, bytesWritten) => {
        if (error === null) resolve(bytesWritten);
        else reject(error);
      });
    });
  }

  truncate(length: number): void {
    ftruncateSync(this.#descriptor, length);
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}
