import { promisify } from 'node:util';
import { zstdCompress, zstdCompressSync, zstdDecompress, zstdDecompressSync } from 'node:zlib';
import type { LogChunk } from '@xx-pipeline/common';
import { decodeLogFrames, encodeLogFrames } from './stored-frames.ts';

/** Bytes of a log that one row has at most. */
export const rowBytes = 256 * 1024;
/** Above this, other threads compress. */
const largeBytes = 32 * 1024;
const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

/** A stretch of a log: its chunks, framed and compressed with zstd. */
export interface LogRow {
  readonly start: number;
  readonly length: number;
  readonly body: Buffer;
}

/** The rows of chunks that begin at an offset. */
export async function packRows(chunks: readonly LogChunk[], offset: number): Promise<LogRow[]> {
  const groups: { start: number; length: number; chunks: LogChunk[] }[] = [];
  let start = offset;
  for (const chunk of chunks) {
    for (let done = 0; done < chunk.bytes.length; ) {
      let group = groups.at(-1);
      if (group === undefined || group.length >= rowBytes) {
        group = { start, length: 0, chunks: [] };
        groups.push(group);
      }
      const bytes = chunk.bytes.subarray(done, done + rowBytes - group.length);
      group.chunks.push({ ...chunk, bytes });
      group.length += bytes.length;
      done += bytes.length;
      start += bytes.length;
    }
  }
  return Promise.all(
    groups.map(async ({ start, length, chunks }) => {
      const frames = encodeLogFrames(chunks);
      return { start, length, body: frames.length < largeBytes ? zstdCompressSync(frames) : await compress(frames) };
    }),
  );
}

/** The chunks of a row. */
export async function unpackRow({ body, length, start }: LogRow): Promise<LogChunk[]> {
  const frames = length < largeBytes ? zstdDecompressSync(body) : await decompress(body);
  const chunks = decodeLogFrames(frames);
  if (chunks === null) throw new Error(`the stored log row at ${start} is damaged`);
  return chunks;
}
