import type { Clock, LogChunk } from '@xx-pipeline/common';
import { HttpProblem } from '@xx-pipeline/service';
import type { LogKey, LogStore } from '../logs/LogStore.ts';
import { freeBytes } from './free-bytes.ts';
import { LogFrameReader } from './LogFrameReader.ts';

/** Payload bytes that are gathered before they are written: few writes, little memory. */
const batchBytes = 1024 * 1024;

/** Bytes to append. */
export interface LogBody {
  readonly offset: number;
  readonly bytes: AsyncIterable<Uint8Array>;
  /** Whether it comes in frames; plain bytes count as standard output, now. */
  readonly framed: boolean;
}

/**
 * Appends a body as it comes; the offset behind it. Throws `offset_gap` with where to go on. While one part is written
 * the next one comes in. The body's bytes are gone afterwards.
 */
export async function appendLog(logs: LogStore, key: LogKey, body: LogBody, clock: Clock): Promise<number> {
  const frames = new LogFrameReader();
  let { offset } = body;
  let batch: LogChunk[] = [];
  let bodies: Uint8Array[] = [];
  let size = 0;
  /** The last write. */
  let writing = (async () => offset)();
  const write = async () => {
    await writing;
    const written = bodies;
    writing = appendChunks(logs, key, offset, batch).finally(() => freeBytes(written));
    // Awaited later; this only marks the rejection as handled.
    writing.catch(() => {});
    offset += size;
    batch = [];
    bodies = [];
    size = 0;
  };
  try {
    for await (const bytes of body.bytes) {
      const chunks: LogChunk[] = body.framed ? frames.push(bytes) : [{ stream: 'stdout', at: clock.now(), bytes }];
      bodies.push(bytes);
      for (const chunk of chunks) {
        batch.push(chunk);
        size += chunk.bytes.length;
      }
      if (size >= batchBytes) await write();
    }
    frames.end();
  } finally {
    // Nothing is under way any more when the answer goes.
    await writing.catch(() => {});
  }
  if (size > 0 || offset === body.offset) await write();
  return await writing;
}

/** Appends chunks; the offset behind them. Throws `offset_gap` with where to go on. */
export async function appendChunks(
  logs: LogStore,
  key: LogKey,
  offset: number,
  chunks: readonly LogChunk[],
): Promise<number> {
  const result = await logs.append(key, offset, chunks);
  const { nextOffset } = result;
  if (result.kind === 'appended') return nextOffset;
  throw new HttpProblem('offset_gap', `the log has ${nextOffset} bytes: continue from there`, { nextOffset });
}
