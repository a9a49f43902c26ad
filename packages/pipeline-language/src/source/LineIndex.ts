/** In lines longer than this nobody counts columns by hand, so they count UTF-16 units. */
const longLine = 2000;

/** A place for people: both count from 1. Columns count characters, not UTF-16 units. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Turns offsets of one text into lines and columns. */
export class LineIndex {
  readonly #text: string;
  readonly #starts: number[] = [0];

  constructor(text: string) {
    this.#text = text;
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', end + 1)) this.#starts.push(end + 1);
  }

  /** The place of an offset; offsets beyond the end count as the end. */
  locate(offset: number): Position {
    const line = this.#lineOf(offset);
    const start = this.#starts[line] ?? 0;
    const end = Math.min(offset, this.#text.length);
    const before = end - start > longLine ? end - start : [...this.#text.slice(start, end)].length;
    return { line: line + 1, column: before + 1 };
  }

  /** The text of a line that counts from 1, without its end. */
  line(number: number): string {
    const start = this.#starts[number - 1] ?? this.#text.length;
    const end = this.#starts[number] ?? this.#text.length + 1;
    return this.#text.slice(start, this.#text[end - 2] === '\r' ? end - 2 : end - 1);
  }

  /** Offset of the first character of a line that counts from 1. */
  lineStart(number: number): number {
    return this.#starts[number - 1] ?? this.#text.length;
  }

  #lineOf(offset: number): number {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
