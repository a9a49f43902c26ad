import { isUtf8 } from 'node:buffer';
import { cleanLogLine } from './ansi.ts';

const needsCleaning = /[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]/;

/** What a line of a log starts with, ready to be joined with bytes. */
export interface LinePrefix {
  readonly text: string;
  /** The UTF-8 bytes of `text`, one character each. */
  readonly latin1: string;
}

/** Makes a prefix from text that is already safe to show. */
export function linePrefix(text: string): LinePrefix {
  return { text, latin1: Buffer.from(text).toString('latin1') };
}

/**
 * Complete lines of a log with a prefix before each, safe for a terminal. Logs come by the gigabyte, so bytes that
 * need no cleaning are never decoded: read as latin1 they are one character each and come out as they were.
 */
export function prefixLines(lines: Uint8Array, prefix: LinePrefix, color: boolean): Uint8Array | string {
  const buffer = Buffer.from(lines.buffer, lines.byteOffset, lines.byteLength);
  const raw = buffer.toString('latin1');
  if (!needsCleaning.test(raw) && isUtf8(buffer)) {
    const joined = prefix.latin1 + raw.slice(0, -1).replaceAll('\n', `\n${prefix.latin1}`);
    return Buffer.from(`${joined}\n`, 'latin1');
  }
  const text = buffer.toString('utf8').slice(0, -1);
  const shown = text.split('\n').map((line) => prefix.text + cleanLogLine(line, color));
  return `${shown.join('\n')}\n`;
}
