import { stripVTControlCharacters } from 'node:util';
import { eastAsianWidth } from 'get-east-asian-width';

const printableAscii = /^[\x20-\x7e]*$/;
/** Letters of Europe, and the symbols and lines our own output is made of: one column each. */
const narrow =
  /^[\x20-\x7e\xa1-\xac\xae-\u02ff\u0370-\u0482\u048a-\u052f\u2010-\u2027\u2190-\u21ff\u2500-\u259f\u2713\u2717]*$/;

/** Terminal columns a text takes; control sequences take none. */
export function displayWidth(text: string): number {
  if (printableAscii.test(text) || narrow.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes(stripVTControlCharacters(text))) width += graphemeWidth(segment);
  return width;
}

/** What is built here on first use costs 10 ms, which runs with plain names need not pay. */
function graphemes(text: string): Iterable<{ readonly segment: string }> {
  return segmenter().segment(text);
}

const segmenter = once(() => new Intl.Segmenter('en', { granularity: 'grapheme' }));
const emoji = once(() => /^(?:\p{RGI_Emoji}|\p{Regional_Indicator}|[\d#*]\ufe0f)/v);
const invisible = once(
  () => /^[\p{Default_Ignorable_Code_Point}\p{Control}\p{Format}\p{Nonspacing_Mark}\p{Enclosing_Mark}]$/u,
);

function graphemeWidth(grapheme: string): number {
  if (emoji().test(grapheme)) return 2;
  let width = 0;
  for (const character of grapheme) {
    if (!invisible().test(character)) width += eastAsianWidth(character.codePointAt(0) ?? 0);
  }
  return width;
}

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/** Fills up with spaces to a width. */
export function padTo(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - displayWidth(text)));
}

const sgr = /\x1b\[[0-9;:]*m/y;

/** Cuts to a width, an ellipsis in the place of what is missing; knows wide characters and keeps colors whole. */
export function truncate(text: string, width: number): string {
  if (width <= 0) {
    return '';
  }
  if (displayWidth(text) <= width) {
    return text;
  }
  let result = '';
  let used = 0;
  let colored = false;
  let at = 0;
  while (at < text.length) {
    sgr.lastIndex = at;
    const sequence = sgr.exec(text);
    if (sequence !== null) {
      result += sequence[0];
      colored = true;
      at = sgr.lastIndex;
      continue;
    }
    const next = nextEscape(text, at);
    for (const { segment } of graphemes(text.slice(at, next))) {
      const wide = displayWidth(segment);
      if (used + wide > width - 1) {
        return `${result}…${colored ? '\x1b[0m' : ''}`;
      }
      result += segment;
      used += wide;
    }
    at = next;
  }
  return result;
}

/** Rows a line takes in a terminal of this width; a wide character that does not fit moves to the next row whole. */
export function rowsWrapped(text: string, columns: number): number {
  let rows = 1;
  let used = 0;
  for (const { segment } of graphemes(stripVTControlCharacters(text))) {
    const wide = displayWidth(segment);
    if (used + wide > columns) {
      rows += 1;
      used = 0;
    }
    used += wide;
  }
  return rows;
}

function nextEscape(text: string, from: number): number {
  const found = text.indexOf('\x1b', from + 1);
  return found === -1 ? text.length : found;
}
