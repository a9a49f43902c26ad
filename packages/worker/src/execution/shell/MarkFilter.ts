/** Receives what a `MarkFilter` finds, in the order of the stream. */
export interface MarkFilterSink {
  /** Output: a view of the chunk it came in. */
  bytes(bytes: Buffer): void;
  /** A mark was met: its index among the filter's marks, and the rest of its line. */
  mark(index: number, text: string): void;
}

/** Longest text behind a mark; a longer line is output and not a mark. */
const longestText = 1 << 20;
const newline = 10;

/**
 * Finds marks in a stream of bytes, wherever chunks are cut. A mark and what follows it up to the end of the line is
 * taken out; everything else passes through unchanged and without copying, at the speed of `Buffer.indexOf`.
 */
export class MarkFilter {
  readonly #sink: MarkFilterSink;
  readonly #marks: readonly Buffer[];
  /** Bytes that may be the beginning of a mark, or a mark whose line is not complete. */
  #held: Buffer = Buffer.alloc(0);
  /** The index of the mark that `#held` begins with; -1 if it is only a possible beginning. */
  #open = -1;
  /** Pieces of an open mark's line after `#held`. */
  #line: Buffer[] = [];
  #lineLength = 0;

  constructor(marks: readonly string[], sink: MarkFilterSink) {
    this.#marks = marks.map((mark) => Buffer.from(mark));
    this.#sink = sink;
  }

  /** Reads the next chunk. */
  push(chunk: Buffer): void {
    if (this.#open >= 0) {
      this.#continueLine(chunk);
    } else if (this.#held.length > 0) {
      const joined = Buffer.concat([this.#held, chunk]);
      this.#held = Buffer.alloc(0);
      this.#scan(joined);
    } else this.#scan(chunk);
  }

  /** The stream ended: what was held back is output. */
  end(): void {
    const rest = Buffer.concat([this.#held, ...this.#line]);
    this.#reset();
    if (rest.length > 0) this.#sink.bytes(rest);
  }

  #reset(): void {
    this.#held = Buffer.alloc(0);
    this.#open = -1;
    this.#line = [];
    this.#lineLength = 0;
  }

  #continueLine(chunk: Buffer): void {
    const end = chunk.indexOf(newline);
    if (end < 0) {
      this.#line.push(chunk);
      this.#lineLength += chunk.length;
      if (this.#lineLength > longestText) this.end();
      return;
    }
    const mark = this.#open;
    const length = this.#marks[mark]?.length ?? 0;
    const text = Buffer.concat([this.#held, ...this.#line, chunk.subarray(0, end)]).toString('utf8', length);
    this.#reset();
    this.#sink.mark(mark, text);
    if (end + 1 < chunk.length) this.#scan(chunk.subarray(end + 1));
  }

  #scan(chunk: Buffer): void {
    const next = this.#marks.map((mark) => chunk.indexOf(mark));
    let position = 0;
    for (;;) {
      let found = -1;
      let at = chunk.length;
      for (const [index, mark] of this.#marks.entries()) {
        let where = next[index] ?? -1;
        if (where >= 0 && where < position) {
          where = chunk.indexOf(mark, position);
          next[index] = where;
        }
        if (where >= 0 && where < at) {
          found = index;
          at = where;
        }
      }
      if (found < 0) break;
      if (at > position) this.#sink.bytes(chunk.subarray(position, at));
      const end = chunk.indexOf(newline, at);
      if (end < 0) {
        this.#open = found;
        this.#held = chunk.subarray(at);
        return;
      }
      this.#sink.mark(found, chunk.toString('utf8', at + (this.#marks[found]?.length ?? 0), end));
      position = end + 1;
    }
    const kept = this.#beginningAtEnd(chunk, position);
    const end = chunk.length - kept;
    if (end > position) this.#sink.bytes(chunk.subarray(position, end));
    if (kept > 0) this.#held = chunk.subarray(end);
  }

  /** How many of the last bytes may be the beginning of a mark. */
  #beginningAtEnd(chunk: Buffer, from: number): number {
    let longest = 0;
    for (const mark of this.#marks) {
      let at = Math.max(from, chunk.length - mark.length + 1);
      for (;;) {
        at = chunk.indexOf(mark[0] ?? 0, at);
        if (at < 0) break;
        if (chunk.compare(mark, 0, chunk.length - at, at) === 0) {
          longest = Math.max(longest, chunk.length - at);
          break;
        }
        at += 1;
      }
    }
    return longest;
  }
}
