import { type FileHandle, open, readFile } from 'node:fs/promises';
import type { LogStream } from '@xx-pipeline/common';
import { readLogIndex } from './log-index.ts';

const newline = 0x0a;

/** One line of a log. */
export interface LogLine {
  /** When its first byte arrived; null when the index does not say. */
  readonly at: number | null;
  /** Where its first byte came from; null when the index does not say. */
  readonly stream: LogStream | null;
  /** Without the line end. */
  readonly bytes: Buffer;
}

/** A line longer than this comes in pieces, so that a log without line ends cannot fill the memory. */
const longestLine = 1024 * 1024;

/** The lines of a log with their streams and times, whatever the size of the log. */
export async function* readLogLines(path: string): AsyncGenerator<LogLine> {
  const index = await readFile(`${path}.idx`).catch(() => Buffer.alloc(0));
  const runs = readLogIndex(index);
  let run = runs.next();
  let runEnd = run.done ? Infinity : run.value.bytes;
  let offset = 0;
  let lineStart = 0;
  let parts: Buffer[] = [];
  let partBytes = 0;
  const finish = (): LogLine => {
    while (!run.done && runEnd <= lineStart) {
      run = runs.next();
      runEnd = run.done ? Infinity : runEnd + run.value.bytes;
    }
    const bytes = parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts);
    parts = [];
    partBytes = 0;
    return { at: run.done ? null : run.value.at, stream: run.done ? null : run.value.stream, bytes };
  };
  for await (const chunk of readChunks(path)) {
    let from = 0;
    while (from < chunk.length) {
      const end = chunk.indexOf(newline, from);
      const to = end < 0 ? chunk.length : end;
      parts.push(chunk.subarray(from, to));
      partBytes += to - from;
      from = end < 0 ? to : end + 1;
      if (end < 0 && partBytes < longestLine) continue;
      yield finish();
      lineStart = offset + from;
    }
    offset += chunk.length;
  }
  if (partBytes > 0) yield finish();
}

async function* readChunks(path: string): AsyncGenerator<Buffer> {
  const file: FileHandle = await open(path, 'r');
  try {
    for (;;) {
      const buffer = Buffer.allocUnsafe(256 * 1024);
      const { bytesRead } = await file.read(buffer, 0, buffer.length, null);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}
