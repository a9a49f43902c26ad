import { closeSync, fstatSync, ftruncateSync, openSync, read, readSync, writeSync, writev } from 'node:fs';

/** Up to so many bytes a call of our own costs less than another thread's help. */
const smallBytes = 64 * 1024;
/** The system takes at most 1024 pieces at once. */
const mostPieces = 1000;

/** A file that is read and written at positions: little at once, much in the background. */
export class StoredFile {
  readonly #descriptor: number;

  private constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  /** Makes a file; null when there is one. */
  static make(path: string): StoredFile | null {
    const descriptor = openUnless(path, 'wx+', 'EEXIST');
    return descriptor === null ? null : new StoredFile(descriptor);
  }

  /** Opens a file; null when there is none. */
  static open(path: string): StoredFile | null {
    const descriptor = openUnless(path, 'r+', 'ENOENT');
    return descriptor === null ? null : new StoredFile(descriptor);
  }

  get size(): number {
    return fstatSync(this.#descriptor).size;
  }

  /** Fills a buffer and returns the number of bytes. */
  read(buffer: Buffer, position: number): number | Promise<number> {
    if (buffer.length <= smallBytes) return readSync(this.#descriptor, buffer, 0, buffer.length, position);
    return new Promise((resolve, reject) => {
      read(this.#descriptor, buffer, 0, buffer.length, position, (error, bytesRead) => {
        if (error === null) resolve(bytesRead);
        else reject(error);
      });
    });
  }

  /** Writes all of it, or throws. */
  async write(pieces: readonly Uint8Array[], length: number, position: number): Promise<void> {
    if (length <= smallBytes)
      return this.#writeSmall(pieces.length === 1 ? pieces[0] : Buffer.concat(pieces), position);
    let written = position;
    for (let rest = pieces; rest.length > 0; ) {
      const count = await this.#writev(rest.slice(0, mostPieces), written);
      written += count;
      rest = without(rest, count);
    }
  }

  truncate(length: number): void {
    ftruncateSync(this.#descriptor, length);
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #writeSmall(bytes: Uint8Array | undefined, position: number): void {
    const length = bytes?.length ?? 0;
    for (let done = 0; bytes !== undefined && done < length; ) {
      done += writeSync(this.#descriptor, bytes, done, length - done, position + done);
    }
  }

  #writev(pieces: readonly Uint8Array[], position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      writev(this.#descriptor, pieces, position, (error, bytesWritten) => {
        if (error === null) resolve(bytesWritten);
        else reject(error);
      });
    });
  }
}

function openUnless(path: string, flags: 'r+' | 'wx+', expected: string): number | null {
  try {
    return openSync(path, flags, 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === expected) return null;
    throw error;
  }
}

/** A write may stop early, on a full disk for example. */
function without(pieces: readonly Uint8Array[], count: number): readonly Uint8Array[] {
  let done = count;
  let index = 0;
  for (; index < pieces.length && done >= (pieces[index]?.length ?? 0); index++) done -= pieces[index]?.length ?? 0;
  const first = pieces[index];
  if (first === undefined) return [];
  return done === 0 ? pieces.slice(index) : [first.subarray(done), ...pieces.slice(index + 1)];
}
