import stringWidth from 'string-width';

interface Row {
  text: string;
  /** The next row continues this one: the terminal wrapped it. */
  wrapped: boolean;
}

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** A terminal as far as the live region uses one; anything else is an error, so that nothing new goes unnoticed. */
export class ScreenModel {
  columns: number;
  rows: number;
  readonly #reflows: boolean;
  #lines: Row[] = [{ text: '', wrapped: false }];
  /** Index into all lines, scrollback included. */
  #row = 0;
  /** The first line of the screen; the cursor cannot go above it. */
  #top = 0;
  #column = 0;
  writes = 0;

  constructor(columns: number, rows: number, reflows = true) {
    this.columns = columns;
    this.rows = rows;
    this.#reflows = reflows;
  }

  write(data: string): void {
    this.writes += 1;
    for (let at = 0; at < data.length; ) {
      const sequence = /^\x1b\[(\d*)([A-Za-z])/.exec(data.slice(at, at + 16));
      if (sequence !== null) {
        this.#control(Number(sequence[1] || 0), sequence[2] ?? '');
        at += sequence[0].length;
      } else if (data[at] === '\x1b') {
        throw new Error(`unknown sequence ${JSON.stringify(data.slice(at, at + 8))}`);
      } else if (data[at] === '\n') {
        this.#lineFeed(false);
        this.#column = 0;
        at += 1;
      } else if (data[at] === '\r') {
        this.#column = 0;
        at += 1;
      } else {
        const end = data.slice(at).search(/[\x1b\n\r]/);
        const text = end === -1 ? data.slice(at) : data.slice(at, at + end);
        for (const { segment } of segmenter.segment(text)) {
          this.#put(segment);
        }
        at += text.length;
      }
    }
  }

  /** Another width: most terminals wrap all lines anew, some cut them. */
  resize(columns: number): void {
    if (!this.#reflows) {
      if (columns < this.columns) {
        for (const line of this.#lines.slice(this.#top)) {
          line.text = cut(line.text, columns);
        }
      }
      this.columns = columns;
      return;
    }
    const lines: Row[] = [];
    let cursorRow = 0;
    for (let index = 0; index < this.#lines.length; index += 1) {
      let text = this.#lines[index]?.text ?? '';
      const hasCursor = index === this.#row;
      while (this.#lines[index]?.wrapped === true) {
        index += 1;
        text += this.#lines[index]?.text ?? '';
      }
      let rest = text;
      do {
        const row = cut(rest, columns);
        rest = rest.slice(row.length);
        lines.push({ text: row, wrapped: rest !== '' });
      } while (rest !== '');
      if (hasCursor) {
        cursorRow = lines.length - 1;
      }
    }
    this.#lines = lines;
    this.#row = cursorRow;
    this.#column = Math.min(this.#column, columns - 1);
    this.columns = columns;
    this.#top = Math.max(0, lines.length - this.rows);
  }

  /** Everything there is, scrollback and screen, as lines before wrapping. */
  text(): string {
    let text = '';
    for (const line of this.#lines) {
      text += line.wrapped ? line.text : `${line.text.trimEnd()}\n`;
    }
    return `${text.trimEnd()}\n`;
  }

  #put(segment: string): void {
    const width = stringWidth(segment);
    if (this.#column + width > this.columns) {
      this.#lineFeed(true);
      this.#column = 0;
    }
    const line = this.#lines[this.#row];
    if (line === undefined) {
      throw new Error('cursor outside');
    }
    const before = padTo(cut(line.text, this.#column), this.#column);
    const after = line.text.slice(cut(line.text, this.#column + width).length);
    line.text = before + segment + after;
    this.#column += width;
  }

  #lineFeed(wrapped: boolean): void {
    const line = this.#lines[this.#row];
    if (line !== undefined) {
      line.wrapped = wrapped;
    }
    this.#row += 1;
    if (this.#row === this.#lines.length) {
      this.#lines.push({ text: '', wrapped: false });
      this.#top = Math.max(this.#top, this.#lines.length - this.rows);
    }
  }

  #control(count: number, kind: string): void {
    switch (kind) {
      case 'A':
        this.#row = Math.max(this.#top, this.#row - Math.max(1, count));
        return;
      case 'J': {
        const line = this.#lines[this.#row];
        if (count !== 0 || line === undefined) {
          throw new Error(`unknown erase ${count}`);
        }
        line.text = cut(line.text, this.#column);
        line.wrapped = false;
        this.#lines.length = this.#row + 1;
        while (this.#lines.length < this.#top) {
          this.#lines.push({ text: '', wrapped: false });
        }
        return;
      }
      case 'K': {
        const line = this.#lines[this.#row];
        if (count !== 2 || line === undefined) {
          throw new Error(`unknown line erase ${count}`);
        }
        line.text = '';
        line.wrapped = false;
        return;
      }
      case 'm':
        return;
      default:
        throw new Error(`unknown sequence CSI ${count} ${kind}`);
    }
  }
}

function cut(text: string, width: number): string {
  let result = '';
  let used = 0;
  for (const { segment } of segmenter.segment(text)) {
    used += stringWidth(segment);
    if (used > width) {
      break;
    }
    result += segment;
  }
  return result;
}

const padTo = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - stringWidth(text)));
