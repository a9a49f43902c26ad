import { closeSync, fstatSync, ftruncateSync, openSync, read, readSync, writev, writevSync } from 'node:fs';

/** Up to so many bytes a call of our own costs less than another thread's help. */
const smallBytes = 64 * 1024;

/** The file of a `LogSpool`: little at once, much in the background. */
export class LogFile {
  readonly #descriptor: number;

  private constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  /** Opens a file, new or kept. */
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

  /** Appends; tells how many bytes were taken. */
  append(pieces: readonly Uint8Array[]): number {
    return writevSync(this.#descriptor, pieces);
  }

  /** Appends in the background. */
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
