import type { LogChunk, LogStream } from '../logs/LogChunk.ts';

/** Media type of log bytes that carry their stream and time; plain bytes count as stdout, now. */
export const logFramesMediaType = 'application/vnd.xx-pipeline.log-frames';

/** Bytes in front of each frame's. */
export const logFrameHeaderLength = 12;
const streams: readonly LogStream[] = ['stdout', 'stderr', 'runner'];

/** One frame: stream (1 byte), time (7 bytes, ms), length (4 bytes), then the bytes. Numbers are big-endian. */
export function encodeLogFrame({ stream, at, bytes }: LogChunk): [Uint8Array, Uint8Array] {
  const header = Buffer.allocUnsafe(logFrameHeaderLength);
  header.writeUInt16BE(streams.indexOf(stream) << 8, 0);
  header.writeUIntBE(at, 2, 6);
  header.writeUInt32BE(bytes.length, 8);
  return [header, bytes];
}

/** What stands in front of a frame's bytes. */
export interface LogFrameHead {
  readonly stream: LogStream;
  readonly at: number;
  readonly length: number;
}

/** The head at a position; null where none fits. */
export function readLogFrameHead(buffer: Buffer, position: number): LogFrameHead | null {
  if (position + logFrameHeaderLength > buffer.length) return null;
  const stream = streams[buffer.readUInt8(position)];
  if (stream === undefined) return null;
  return { stream, at: buffer.readUIntBE(position + 2, 6), length: buffer.readUInt32BE(position + 8) };
}

/** The chunks of a body of whole frames; null when it is no such body. */
export function decodeLogFrames(body: Buffer): LogChunk[] | null {
  const chunks: LogChunk[] = [];
  for (let position = 0; position < body.length; ) {
    const head = readLogFrameHead(body, position);
    if (head === null) return null;
    const { stream, at, length } = head;
    const end = position + logFrameHeaderLength + length;
    if (end > body.length) return null;
    chunks.push({ stream, at, bytes: body.subarray(position + logFrameHeaderLength, end) });
    position = end;
  }
  return chunks;
}
