import type { LogStream } from '@xx-pipeline/common';

/** What stands in front of a log frame's payload: see `encodeLogFrame`. */
export interface FrameHead {
  readonly stream: LogStream;
  readonly at: number;
  readonly length: number;
}

/** A file of frames, read at positions. */
export interface FrameFile {
  read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesRead: number; readonly buffer: Buffer }>;
}

/** Bytes of it. */
export const frameHeaderLength = 12;

const streams: readonly LogStream[] = ['stdout', 'stderr', 'runner'];
const window = 256 * 1024;

/** The head at a position; null where none fits. */
export function readFrameHead(buffer: Buffer, position: number): FrameHead | null {
  if (position + frameHeaderLength > buffer.length) return null;
  const stream = streams[buffer.readUInt8(position)];
  if (stream === undefined) return null;
  return { stream, at: buffer.readUIntBE(position + 2, 6), length: buffer.readUInt32BE(position + 8) };
}

/**
 * Visits the frames of a file between two positions, until the visitor has seen enough or a frame is not whole.
 * Resolves with the end of the last whole frame it looked at.
 */
export async function scanFrames(
  file: FrameFile,
  from: number,
  to: number,
  visit: (head: FrameHead, position: number) => boolean,
): Promise<number> {
  let buffer: Buffer = Buffer.alloc(0);
  let base = from;
  let position = from;
  for (;;) {
    let head = readFrameHead(buffer, position - base);
    if (head === null) {
      const { bytesRead, buffer: fresh } = await file.read(Buffer.allocUnsafe(window), 0, window, position);
      buffer = fresh.subarray(0, bytesRead);
      base = position;
      head = readFrameHead(buffer, 0);
      if (head === null) return position;
    }
    const end = position + frameHeaderLength + head.length;
    if (end > to) return position;
    if (!visit(head, position)) return end;
    position = end;
    if (position - base > buffer.length) {
      buffer = Buffer.alloc(0);
      base = position;
    }
  }
}
