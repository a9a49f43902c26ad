import type { LogChunk } from '@xx-pipeline/common';
import { decodeLogFrames, encodeLogFrame } from '@xx-pipeline/common/api';

/** Chunks as one body; neighbours of one stream and time share a header. */
export function encodeLogFrames(chunks: readonly LogChunk[]): Buffer {
  const parts: Uint8Array[] = [];
  for (let first = 0; first < chunks.length; ) {
    const chunk = chunks[first];
    if (chunk === undefined) break;
    let next = first + 1;
    while (chunks[next]?.stream === chunk.stream && chunks[next]?.at === chunk.at) next++;
    const bytes = chunks.slice(first, next).map(({ bytes }) => bytes);
    parts.push(...encodeLogFrame({ ...chunk, bytes: bytes.length === 1 ? chunk.bytes : Buffer.concat(bytes) }));
    first = next;
  }
  return Buffer.concat(parts);
}

export { decodeLogFrames };
