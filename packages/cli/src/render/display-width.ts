import { stripVTControlCharacters } from 'node:util';
import stringWidth from 'string-width';

const printableAscii = /^[\x20-\x7e]*$/;

/** Terminal columns a text takes; control sequences take none. */
export function displayWidth(text: string): number {
  return printableAscii.test(text) ? text.length : stringWidth(text);
}

/** Fills up with spaces to a width. */
export function padTo(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - displayWidth(text)));
}

const sgr = /\x1b\[[0-9;:]*m/y;
const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Cuts to a width, an ellipsis in the place of what is missing; knows wide characters and keeps colours whole. */
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
    for (const { segment } of segmenter.segment(text.slice(at, next))) {
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
  for (const { segment } of segmenter.segment(stripVTControlCharacters(text))) {
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
