import { EVENT_ID, type Event } from 'js-yaml';

/** A text with more indentation in some lines, and the way back to positions in the text it was made from. */
interface IndentedText {
  readonly text: string;
  /** The position in the original text; positions inside added indentation map to the character after it. */
  toOriginal(position: number): number;
}

/**
 * Indents the lines inside flow collections and quoted scalars as far as YAML 1.2 demands. GitLab reads files with libyaml,
 * which ignores the indentation there, so that `needs: [` may be closed by a `]` in the column of `needs`. Returns null if
 * no line needs more indentation, or if the result would be longer than `limit` characters.
 */
export function indentFlowLines(text: string, limit: number): IndentedText | null {
  const { insertions, unclosed } = new FlowLineScanner(text).scan();
  // Everything behind a bracket that is never closed would be taken for its content.
  if (unclosed !== null) return null;
  const added = insertions.reduce((sum, { count }) => sum + count, 0);
  if (added === 0 || text.length + added > limit) return null;
  return indented(text, insertions);
}

/** The position of the outermost bracket that is never closed; null if there is none. */
export function findUnclosedBracket(text: string): number | null {
  return new FlowLineScanner(text).scan().unclosed;
}

/** The event with all its positions mapped back to the original text. */
export function withOriginalPositions(event: Event, indentedText: IndentedText): Event {
  if (event.type === EVENT_ID.POP || event.type === EVENT_ID.DOCUMENT) return event;
  const mapped: Record<string, unknown> = { ...event };
  for (const key of ['start', 'valueStart', 'valueEnd', 'anchorStart', 'anchorEnd', 'tagStart', 'tagEnd']) {
    const position = mapped[key];
    // Negative means that the node has no such part.
    if (typeof position === 'number' && position >= 0) mapped[key] = indentedText.toOriginal(position);
  }
  return mapped as unknown as Event;
}

interface Insertion {
  /** The start of a line of the original text. */
  readonly at: number;
  readonly count: number;
}

function indented(text: string, insertions: readonly Insertion[]): IndentedText {
  const parts: string[] = [];
  const starts: number[] = [];
  const shifts: number[] = [];
  let copied = 0;
  let shift = 0;
  for (const { at, count } of insertions) {
    parts.push(text.slice(copied, at), ' '.repeat(count));
    copied = at;
    starts.push(at + shift);
    shift += count;
    shifts.push(shift);
  }
  parts.push(text.slice(copied));
  return {
    text: parts.join(''),
    toOriginal(position) {
      let low = 0;
      let high = starts.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if ((starts[middle] ?? 0) <= position) low = middle + 1;
        else high = middle;
      }
      if (low === 0) return position;
      return Math.max(position - (shifts[low - 1] ?? 0), insertions[low - 1]?.at ?? 0);
    },
  };
}

/** Reads a text just far enough to know which lines continue a flow collection or a quoted scalar. Linear in its length. */
class FlowLineScanner {
  readonly #text: string;
  readonly #insertions: Insertion[] = [];
  #at = 0;
  #lineStart = 0;
  /** Column of the innermost key or dash on the current line: the parent of a block scalar that begins there. */
  #parent = -1;
  /** How many flow collections are open. */
  #depth = 0;
  /** Column of the outermost open bracket. */
  #bracket = 0;
  /** Its position. */
  #opened = 0;

  constructor(text: string) {
    this.#text = text;
  }

  scan(): { readonly insertions: readonly Insertion[]; readonly unclosed: number | null } {
    while (this.#at < this.#text.length) {
      if (this.#depth > 0) this.#flowToken();
      else this.#blockToken();
    }
    return { insertions: this.#insertions, unclosed: this.#depth > 0 ? this.#opened : null };
  }

  #blockToken(): void {
    const column = this.#at - this.#lineStart;
    const next = this.#text[this.#at] ?? '';
    if (next === '\n') this.#newLine(0);
    else if (isBlank(next)) this.#at++;
    else if (next === '#' || (next === '%' && column === 0)) this.#skip(restOfLine);
    else if (next === '"' || next === "'") {
      this.#parent = column;
      this.#quoted(column);
    } else if (next === '[' || next === '{') {
      this.#bracket = column;
      this.#opened = this.#at;
      this.#depth = 1;
      this.#at++;
    } else if (next === '|' || next === '>') this.#blockScalar();
    else if (next === '&' || next === '*' || next === '!') this.#skip(word);
    else if (this.#looksAt(indicator)) {
      if (next !== ':') this.#parent = column;
      this.#at++;
    } else if (column === 0 && this.#looksAt(documentStart)) {
      this.#parent = -1;
      this.#at += 3;
    } else this.#plainInBlock(column);
  }

  /** A plain scalar, with the lines that continue it. */
  #plainInBlock(column: number): void {
    const parent = this.#parent;
    this.#parent = column;
    for (;;) {
      plainEnd.lastIndex = this.#at;
      const end = plainEnd.exec(this.#text);
      this.#at = end?.index ?? this.#text.length;
      if (end === null || end[0] !== '\n') {
        // A key, or a comment behind the scalar.
        if (end !== null && end[0] !== ':') this.#at++;
        return;
      }
      const lines = this.#match(blankLines);
      const indent = lines.length - lines.lastIndexOf('\n') - 1;
      const first = this.#text[this.#at + lines.length] ?? '\n';
      if (column === 0 || indent <= parent || /[\s#]/.test(first)) return;
      this.#at += lines.length;
      this.#lineStart = this.#at - indent;
    }
  }

  #blockScalar(): void {
    this.#skip(restOfLine);
    while (this.#at < this.#text.length) {
      const line = this.#match(lineAfter);
      const content = line.slice(1).trimStart();
      if (content !== '' && line.length - 1 - content.length <= this.#parent) return;
      this.#lineStart = this.#at + 1;
      this.#at += line.length;
    }
  }

  #flowToken(): void {
    const next = this.#text[this.#at] ?? '';
    if (next === '\n') this.#newLine(this.#bracket);
    else if (next === '"' || next === "'") this.#quoted(this.#bracket);
    else if (next === '#') this.#skip(restOfLine);
    else if (next === '&' || next === '*' || next === '!') this.#skip(wordInFlow);
    else if (isBlank(next) || next === ',' || next === ':') this.#at++;
    else if (next === '[' || next === '{') {
      this.#depth++;
      this.#at++;
    } else if (next === ']' || next === '}') {
      this.#depth--;
      this.#at++;
    } else this.#skip(plainInFlow);
  }

  #quoted(column: number): void {
    const quote = this.#text[this.#at++];
    while (this.#at < this.#text.length) {
      const next = this.#text[this.#at];
      if (next === '\n') {
        this.#newLine(column);
      } else if (next === '\\' && quote === '"') {
        // A line end may be escaped; it still begins a line.
        this.#at += this.#text[this.#at + 1] === '\n' ? 1 : 2;
      } else {
        this.#at++;
        if (next !== quote) continue;
        if (quote === '"' || this.#text[this.#at] !== "'") return;
        this.#at++;
      }
    }
  }

  /** Steps over a line end; the next line gets at least this much indentation unless it is blank. */
  #newLine(column: number): void {
    this.#at++;
    this.#lineStart = this.#at;
    if (column === 0) return;
    const indent = this.#match(spaces).length;
    const first = this.#text[this.#at + indent] ?? '\n';
    if (indent < column && first !== '\n' && first !== '\r') {
      this.#insertions.push({ at: this.#at, count: column - indent });
    }
  }

  #skip(pattern: RegExp): void {
    this.#at += Math.max(1, this.#match(pattern).length);
  }

  #looksAt(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at;
    return pattern.test(this.#text);
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    return pattern.exec(this.#text)?.[0] ?? '';
  }
}

const isBlank = (text: string): boolean => text === ' ' || text === '\t' || text === '\r';

// All of them stick to the position they are given, or search from there.
const spaces = / */y;
const word = /\S+/y;
const wordInFlow = /[^\s,[\]{}]+/y;
const restOfLine = /[^\n]*/y;
const lineAfter = /\n[^\n]*/y;
const blankLines = /\n(?:[ \t\r]*\n)* */y;
const indicator = /[-?:](?=\s|$)/y;
const documentStart = /---(?=\s|$)/y;
const plainEnd = /:(?=\s|$)|[ \t]#|\n/g;
const plainInFlow = /(?:[^,[\]{}:\s]+|:(?![\s,[\]{}]|$)|[ \t]+(?=[^\s#,[\]{}:]))+/y;
