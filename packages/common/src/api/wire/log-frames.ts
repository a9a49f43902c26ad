import type { LogChunk, LogOrigin, LogStream } from '../../logs/LogChunk.ts';

/** Media type of log bytes that carry their stream and time; plain bytes count as stdout, now. */
export const logFramesMediaType = 'application/vnd.xx-pipeline.log-frames';

/** Bytes of the header in front of the payload of each frame. */
export const logFrameHeaderLength = 12;
const streams: readonly LogStream[] = ['stdout', 'stderr', 'runner'];

/**
 * One frame: stream (1 byte), mark (1 byte), time (6 bytes, ms), length (4 bytes), payload. Numbers are big-endian.
 *
 * The mark says which line of the runner a frame is (`runner-lines.ts`), 0 for none. Versions before marks (0.1.0)
 * wrote 0 there and did not read it, so that frames of either version can be read by the other.
 */
export function encodeLogFrame({ stream, at, bytes, mark = 0 }: LogChunk): [Uint8Array, Uint8Array] {
  const header = new Uint8Array(logFrameHeaderLength);
  header[0] = streams.indexOf(stream);
  header[1] = mark;
  writeNumber(header, 2, 6, at);
  writeNumber(header, 8, 4, bytes.length);
  return [header, bytes];
}

/** The header of a frame. */
export interface LogFrameHead extends LogOrigin {
  readonly length: number;
}

/** The header at a position; null if there is no whole header of a known stream. */
export function readLogFrameHead(buffer: Uint8Array, position: number): LogFrameHead | null {
  if (position + logFrameHeaderLength > buffer.length) return null;
  const stream = streams[buffer[position] ?? streams.length];
  if (stream === undefined) return null;
  const mark = buffer[position + 1];
  return {
    stream,
    at: readNumber(buffer, position + 2, 6),
    ...(mark ? { mark } : {}),
    length: readNumber(buffer, position + 8, 4),
  };
}

/** The chunks of a body of whole frames; null if it is anything else. */
export function decodeLogFrames(body: Uint8Array): LogChunk[] | null {
  const chunks: LogChunk[] = [];
  for (let position = 0; position < body.length; ) {
    const head = readLogFrameHead(body, position);
    if (head === null) return null;
    const { length, ...origin } = head;
    const end = position + logFrameHeaderLength + length;
    if (end > body.length) return null;
    chunks.push({ ...origin, bytes: body.subarray(position + logFrameHeaderLength, end) });
    position = end;
  }
  return chunks;
}

// Arithmetic instead of shifts: times exceed 32 bits.
function writeNumber(target: Uint8Array, position: number, length: number, value: number): void {
  let rest = Math.trunc(value);
  for (let index = position + length - 1; index >= position; index--) {
    target[index] = rest % 256;
    rest = Math.floor(rest / 256);
  }
}

function readNumber(source: Uint8Array, position: number, length: number): number {
  let value = 0;
  for (let index = position; index < position + length; index++) value = value * 256 + (source[index] ?? 0);
  return value;
}
