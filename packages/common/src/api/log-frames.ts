import type { LogChunk, LogStream } from '../logs/LogChunk.ts';

/** Media type of log bytes that carry their stream and time; plain bytes count as stdout, now. */
export const logFramesMediaType = 'application/vnd.xx-pipeline.log-frames';

const headerLength = 12;
const streams: readonly LogStream[] = ['stdout', 'stderr', 'runner'];

/** One frame: stream (1 byte), time (7 bytes, ms), length (4 bytes), then the bytes. Numbers are big-endian. */
export function encodeLogFrame({ stream, at, bytes }: LogChunk): [Uint8Array, Uint8Array] {
  const header = Buffer.alloc(headerLength);
  header.writeUInt8(streams.indexOf(stream), 0);
  header.writeUIntBE(at, 2, 6);
  header.writeUInt32BE(bytes.length, 8);
  return [header, bytes];
}

/** The chunks of a body of whole frames; null when it is no such body. */
export function decodeLogFrames(body: Buffer): LogChunk[] | null {
  const chunks: LogChunk[] = [];
  for (let position = 0; position < body.length; ) {
    if (body.length - position < headerLength) return null;
    const stream = streams[body.readUInt8(position)];
    const at = body.readUIntBE(position + 2, 6);
    const length = body.readUInt32BE(position + 8);
    const end = position + headerLength + length;
    if (stream === undefined || end > body.length) return null;
    chunks.push({ stream, at, bytes: body.subarray(position + headerLength, end) });
    position = end;
  }
  return chunks;
}
