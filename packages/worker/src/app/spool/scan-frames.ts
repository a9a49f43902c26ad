import { type LogFrameHead, logFrameHeaderLength, readLogFrameHead } from '@xx-pipeline/common/api';

/** A file of frames, read at positions. */
export interface FrameFile {
  read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesRead: number; readonly buffer: Buffer }>;
}

const window = 256 * 1024;

/**
 * Visits the frames of a file between two positions, until the visitor has seen enough or a frame is not whole.
 * Resolves with the end of the last whole frame it looked at.
 */
export async function scanFrames(
  file: FrameFile,
  from: number,
  to: number,
  visit: (head: LogFrameHead, position: number) => boolean,
): Promise<number> {
  let buffer: Buffer = Buffer.alloc(0);
  let base = from;
  let position = from;
  for (;;) {
    let head = readLogFrameHead(buffer, position - base);
    if (head === null) {
      const { bytesRead, buffer: fresh } = await file.read(Buffer.allocUnsafe(window), 0, window, position);
      buffer = fresh.subarray(0, bytesRead);
      base = position;
      head = readLogFrameHead(buffer, 0);
      if (head === null) return position;
    }
    const end = position + logFrameHeaderLength + head.length;
    if (end > to) return position;
    if (!visit(head, position)) return end;
    position = end;
    if (position - base > buffer.length) {
      buffer = Buffer.alloc(0);
      base = position;
    }
  }
}
