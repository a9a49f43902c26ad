import { areMergeable, type LogChunk } from '@xx-pipeline/common';
import { decodeLogFrames, encodeLogFrame } from '@xx-pipeline/common/api';

/** Chunks as one body; neighbors that may be merged share a header. */
export function encodeLogFrames(chunks: readonly LogChunk[]): Buffer {
  const parts: Uint8Array[] = [];
  for (let first = 0; first < chunks.length; ) {
    const chunk = chunks[first];
    if (chunk === undefined) break;
    let next = first + 1;
    for (
      let last = chunk, other = chunks[next];
      other !== undefined && areMergeable(last, other);
      other = chunks[next]
    ) {
      last = other;
      next++;
    }
    const bytes = chunks.slice(first, next).map(({ bytes }) => bytes);
    parts.push(...encodeLogFrame({ ...chunk, bytes: bytes.length === 1 ? chunk.bytes : Buffer.concat(bytes) }));
    first = next;
  }
  return Buffer.concat(parts);
}

export { decodeLogFrames };
