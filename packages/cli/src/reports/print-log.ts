import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { LogStream } from '@xx-pipeline/common';
import type { OutputStream } from '../io/CommandIo.ts';
import { cleanLogLine } from '../render/ansi.ts';
import { paint } from '../render/style.ts';
import { type LogLine, readLogLines } from './read-log.ts';

/** The most bytes of a log in a document for programs; the file has the rest. */
export const documentLimit = 10 * 1024 * 1024;

/** Characters gathered before they are written. */
const batch = 64 * 1024;

const marks: Readonly<Record<LogStream, string>> = { stdout: ' ', stderr: '!', runner: '#' };

/** Prints a log of any size, safe for a terminal. */
export async function printLog(path: string, out: OutputStream, options: { timestamps: boolean }): Promise<void> {
  let text = '';
  try {
    for await (const line of readLogLines(path)) {
      text += formatLogLine(line, out, options);
      if (text.length < batch) continue;
      if (!out.write(text)) await out.drained();
      text = '';
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    text += 'no log: its file has been deleted\n';
  }
  out.write(text);
  await out.drained();
}

/** A line of a log, safe for a terminal, with its line end. */
export function formatLogLine(
  { at, stream, bytes }: LogLine,
  style: Pick<OutputStream, 'color'>,
  options: { timestamps: boolean },
): string {
  const lead = options.timestamps ? `${paint(style, 'gray', timeAndStream(at, stream))} ` : '';
  return `${lead}${cleanLogLine(bytes.toString(), style.color)}\n`;
}

/** Prints a log exactly as it is. */
export async function printRawLog(path: string, out: OutputStream): Promise<void> {
  for await (const bytes of createReadStream(path)) if (!out.write(bytes as Buffer)) await out.drained();
}

/** A log as text for a document: all of it, or the end of a long one. */
export async function readLogText(path: string): Promise<{ logText: string; logTruncated: boolean }> {
  const file = await open(path, 'r').catch(() => null);
  if (file === null) return { logText: '', logTruncated: false };
  try {
    const { size } = await file.stat();
    const start = Math.max(0, size - documentLimit);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - start), 0, size - start, start);
    return { logText: buffer.subarray(0, bytesRead).toString(), logTruncated: start > 0 };
  } finally {
    await file.close();
  }
}

function timeAndStream(at: number | null, stream: LogStream | null): string {
  const time = at === null ? '-'.padEnd(24) : new Date(at).toISOString();
  return `${time} ${stream === null ? '?' : marks[stream]}`;
}
