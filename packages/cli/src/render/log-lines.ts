import { isUtf8 } from 'node:buffer';
import { cleanLogLine } from './ansi.ts';

/** Control and direction characters in the bytes of UTF-8. */
const needsCleaning =
  /[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xd8\x9c|\xe2\x80[\x8e\x8f\xa8-\xae]|\xe2\x81[\xa6-\xa9]/;

/** The text in front of each line of a log, ready to be joined with bytes. */
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
 * Complete lines of a log with a prefix before each, safe for a terminal. A log may have gigabytes, so bytes that need no
 * cleaning are never decoded as UTF-8: as latin1, each byte is one character and is written back unchanged.
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
