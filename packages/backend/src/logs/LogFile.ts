import { type FileHandle, open } from 'node:fs/promises';
import type { LogChunk } from '@xx-pipeline/common';
import {
  encodeRecords,
  findRecord,
  type IndexRecord,
  indexLength,
  readRecords,
  recordCount,
  recordsOf,
} from './LogIndex.ts';
import type { AppendResult, LogSegment } from './LogStore.ts';
import { skipBytes, totalBytes } from './merge-chunks.ts';

/** Records read at once. */
const readAhead = 512;

/**
 * One log: a file of nothing but its bytes, and an index of who wrote them when. The index is written first: whatever
 * is killed in between leaves records beyond the end of the bytes, which opening cuts off. Callers take turns.
 */
export class LogFile {
  readonly #bytes: FileHandle;
  readonly #index: FileHandle;
  #size: number;
  #records: number;
  #last: IndexRecord | null;
  /** An append failed half way. */
  #isDirty = false;

  private constructor(
    bytes: FileHandle,
    index: FileHandle,
    state: { size: number; records: number; last: IndexRecord | null },
  ) {
    this.#bytes = bytes;
    this.#index = index;
    this.#size = state.size;
    this.#records = state.records;
    this.#last = state.last;
  }

  /** null when it does not exist and is not to be made. */
  static async open(path: string, mode: 'append' | 'read'): Promise<LogFile | null> {
    const index = await openFile(`${path}.idx`, mode);
    if (index === null) return null;
    let bytes: FileHandle | null = null;
    try {
      bytes = await openFile(path, mode);
      if (bytes === null) {
        await index.close();
        return null;
      }
      return new LogFile(bytes, index, await recover(bytes, index));
    } catch (error) {
      await index.close();
      await bytes?.close();
      throw error;
    }
  }

  get size(): number {
    return this.#size;
  }

  async append(offset: number, chunks: readonly LogChunk[]): Promise<AppendResult> {
    if (this.#isDirty) await this.#recover();
    const end = offset + totalBytes(chunks);
    if (offset > this.#size) return { kind: 'gap', nextOffset: this.#size };
    if (end <= this.#size) return { kind: 'appended', nextOffset: this.#size };
    const added = skipBytes(chunks, this.#size - offset);
    const records = recordsOf(added, this.#size, this.#last);
    this.#isDirty = true;
    if (records.length > 0) await writeAll(this.#index, [encodeRecords(records)], indexLength(this.#records));
    await writeAll(
      this.#bytes,
      added.map(({ bytes }) => bytes),
      this.#size,
    );
    this.#isDirty = false;
    this.#records += records.length;
    this.#last = records.at(-1) ?? this.#last;
    this.#size = end;
    return { kind: 'appended', nextOffset: end };
  }

  /** Only as far as it was written when this was called: may run beside an append. */
  async read(offset: number, limit: number): Promise<LogSegment[]> {
    const size = this.#size;
    const count = this.#records;
    const length = Math.min(limit, size - offset);
    if (length <= 0) return [];
    const buffer = Buffer.alloc(length);
    const { bytesRead } = await this.#bytes.read(buffer, 0, length, offset);
    const end = offset + bytesRead;
    const segments: LogSegment[] = [];
    let position = offset;
    let number = await findRecord(this.#index, count, offset);
    while (position < end) {
      const records = await readRecords(this.#index, Math.max(number, 0), Math.min(readAhead, count - number));
      if (records.length === 0) break;
      for (const [place, record] of records.entries()) {
        const next = records[place + 1];
        // The end of the last one read is in the next batch.
        if (next === undefined && number + place + 1 < count) break;
        const until = Math.min(end, next?.offset ?? end);
        if (until <= position) continue;
        const bytes = buffer.subarray(position - offset, until - offset);
        segments.push({ offset: position, chunk: { stream: record.stream, at: record.at, bytes } });
        position = until;
        if (position >= end) break;
      }
      number = Math.max(number, 0) + Math.max(records.length - 1, 1);
    }
    return segments;
  }

  async close(): Promise<void> {
    await Promise.all([this.#bytes.close(), this.#index.close()]);
  }

  async #recover(): Promise<void> {
    const { size, records, last } = await recover(this.#bytes, this.#index);
    this.#size = size;
    this.#records = records;
    this.#last = last;
    this.#isDirty = false;
  }
}

async function openFile(path: string, mode: 'append' | 'read'): Promise<FileHandle | null> {
  try {
    return await open(path, 'r+');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    if (mode === 'read') return null;
  }
  return open(path, 'w+', 0o600);
}

/** Finds the end of a log; what an interrupted append left in the index is cut off. */
async function recover(
  bytes: FileHandle,
  index: FileHandle,
): Promise<{ size: number; records: number; last: IndexRecord | null }> {
  const { size } = await bytes.stat();
  const length = (await index.stat()).size;
  const records = size === 0 ? 0 : (await findRecord(index, recordCount(length), size - 1)) + 1;
  if (length !== indexLength(records)) await index.truncate(indexLength(records));
  const [last] = records === 0 ? [] : await readRecords(index, records - 1, 1);
  return { size, records, last: last ?? null };
}

/** `writev` may stop early, on a full disk for example. */
async function writeAll(file: FileHandle, parts: readonly Uint8Array[], position: number): Promise<void> {
  // The system takes at most 1024 pieces at once.
  const pieces = parts.length === 1 ? parts : joinSmall(parts);
  let written = position;
  for (const piece of pieces) {
    for (let done = 0; done < piece.length; ) {
      const { bytesWritten } = await file.write(piece, done, piece.length - done, written);
      done += bytesWritten;
      written += bytesWritten;
    }
  }
}

/** Few large writes instead of many small ones. */
function joinSmall(parts: readonly Uint8Array[]): readonly Uint8Array[] {
  const limit = 1024 * 1024;
  const joined: Uint8Array[] = [];
  let group: Uint8Array[] = [];
  let length = 0;
  for (const part of parts) {
    if (length > 0 && length + part.length > limit) {
      joined.push(group.length === 1 && group[0] !== undefined ? group[0] : Buffer.concat(group));
      group = [];
      length = 0;
    }
    group.push(part);
    length += part.length;
  }
  if (group.length > 0) joined.push(group.length === 1 && group[0] !== undefined ? group[0] : Buffer.concat(group));
  return joined;
}
