import { cleanLogLine } from './ansi.ts';

const keptBytes = 16 * 1024;

/** The end of an output, in bounded memory, decoded only when it is read. */
export class LogTail {
  /** Twice the size of the tail, so that small pieces are rarely moved. */
  #buffer: Buffer | null = null;
  #length = 0;
  #cut = false;

  append(bytes: Uint8Array): void {
    this.#buffer ??= Buffer.alloc(2 * keptBytes);
    const piece = bytes.length > keptBytes ? bytes.subarray(-keptBytes) : bytes;
    if (this.#length + piece.length > this.#buffer.length) {
      const kept = Math.min(this.#length, keptBytes);
      this.#buffer.copyWithin(0, this.#length - kept, this.#length);
      this.#length = kept;
      this.#cut = true;
    }
    this.#cut ||= piece.length < bytes.length;
    this.#buffer.set(piece, this.#length);
    this.#length += piece.length;
  }

  clear(): void {
    this.#length = 0;
    this.#cut = false;
  }

  /** The last lines, cleaned for a terminal; a first line of which only the end is known is left out. */
  lines(count: number, color: boolean): string[] {
    const lines = (this.#buffer?.toString('utf8', 0, this.#length) ?? '').split('\n');
    if (this.#cut && lines.length > 1) {
      lines.shift();
    }
    if (lines.at(-1) === '') {
      lines.pop();
    }
    return lines.slice(-count).map((line) => cleanLogLine(line, color));
  }
}
