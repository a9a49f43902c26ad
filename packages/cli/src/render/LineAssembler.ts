const newline = 0x0a;
const carriageReturn = 0x0d;
const longestLine = 64 * 1024;
const lineEnd = Uint8Array.of(newline);

/**
 * Cuts a stream of bytes at line ends, so that lines of several jobs never mix. Holds at most one line of
 * bounded length: of a progress bar only what its last carriage return left, a longer line is broken.
 */
export class LineAssembler {
  #held: Uint8Array[] = [];
  #heldLength = 0;

  /** Adds a piece; returns the lines that it completes, each with its line end, or null. The result may share memory with `bytes`. */
  push(bytes: Uint8Array): Uint8Array | null {
    const end = bytes.lastIndexOf(newline) + 1;
    if (end === 0) {
      this.#hold(bytes);
      return this.#heldLength > longestLine ? this.#shorten() : null;
    }
    const complete = end === bytes.length ? bytes : bytes.subarray(0, end);
    const result = this.#heldLength === 0 ? complete : this.#release(complete);
    if (end < bytes.length) {
      this.#hold(bytes.subarray(end));
    }
    return result;
  }

  /** The unfinished last line with a line end added; null when there is none. */
  flush(): Uint8Array | null {
    return this.#heldLength === 0 ? null : this.#release(lineEnd);
  }

  #hold(bytes: Uint8Array): void {
    this.#held.push(bytes.slice());
    this.#heldLength += bytes.length;
  }

  #release(last: Uint8Array): Uint8Array {
    const all = Buffer.concat([...this.#held, last]);
    this.#held = [];
    this.#heldLength = 0;
    return all;
  }

  #shorten(): Uint8Array | null {
    const line = this.#release(new Uint8Array(0));
    const shown = line.lastIndexOf(carriageReturn, line.length - 2);
    if (shown !== -1 && line.length - shown <= longestLine) {
      this.#hold(line.subarray(shown));
      return null;
    }
    return Buffer.concat([line, lineEnd]);
  }
}

/** The bytes behind a line end at their start. */
export const withoutLeadingLineEnd = (bytes: Uint8Array): Uint8Array =>
  bytes[0] === newline ? bytes.subarray(1) : bytes;
