import type { LogChunk } from '@xx-pipeline/common';

/** The part of the chunks from a number of bytes on; what is before was there already. */
export function skipBytes(chunks: readonly LogChunk[], count: number): LogChunk[] {
  const rest: LogChunk[] = [];
  let skip = count;
  for (const chunk of chunks) {
    if (chunk.bytes.length > skip) {
      rest.push(skip === 0 ? chunk : { ...chunk, bytes: chunk.bytes.subarray(skip) });
    }
    skip = Math.max(0, skip - chunk.bytes.length);
  }
  return rest;
}

/** Bytes of all chunks. */
export function totalBytes(chunks: readonly LogChunk[]): number {
  return chunks.reduce((total, { bytes }) => total + bytes.length, 0);
}
