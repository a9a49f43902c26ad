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
import { StoredFile } from './StoredFile.ts';

/** Records read at once. */
const readAhead = 512;

/**
 * One log: a file of nothing but its bytes, and an index of who wrote them when. The index is written first: whatever
 * is killed in between leaves records beyond the end of the bytes, which opening cuts off. Callers take turns.
 */
export class LogFile {
  readonly #bytes: StoredFile;
  readonly #index: StoredFile;
  #size: number;
  #records: number;
  #last: IndexRecord | null;
  /** An append failed half way. */
  #isDirty = false;

  private constructor(
    bytes: StoredFile,
    index: StoredFile,
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
    const made = mode === 'append' ? StoredFile.make(`${path}.idx`) : null;
    const index = made ?? StoredFile.open(`${path}.idx`);
    if (index === null) return null;
    let bytes: StoredFile | null = null;
    try {
      if (mode === 'append') bytes = StoredFile.make(path);
      if (bytes !== null && made !== null) return new LogFile(bytes, index, { size: 0, records: 0, last: null });
      bytes ??= StoredFile.open(path);
      if (bytes === null) {
        index.close();
        return null;
      }
      return new LogFile(bytes, index, await recover(bytes, index));
    } catch (error) {
      index.close();
      bytes?.close();
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
    if (records.length > 0) {
      const length = indexLength(records.length);
      await this.#index.write([encodeRecords(records)], length, indexLength(this.#records));
    }
    const pieces = added.map(({ bytes }) => bytes);
    await this.#bytes.write(pieces, end - this.#size, this.#size);
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
    const buffer = Buffer.allocUnsafe(length);
    const bytesRead = await this.#bytes.read(buffer, offset);
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
        segments.push({ offset: position, chunk: { ...record.origin, bytes } });
        position = until;
        if (position >= end) break;
      }
      number = Math.max(number, 0) + Math.max(records.length - 1, 1);
    }
    return segments;
  }

  close(): void {
    this.#bytes.close();
    this.#index.close();
  }

  async #recover(): Promise<void> {
    const { size, records, last } = await recover(this.#bytes, this.#index);
    this.#size = size;
    this.#records = records;
    this.#last = last;
    this.#isDirty = false;
  }
}

/** Finds the end of a log; what an interrupted append left in the index is cut off. */
async function recover(
  bytes: StoredFile,
  index: StoredFile,
): Promise<{ size: number; records: number; last: IndexRecord | null }> {
  const { size } = bytes;
  const length = index.size;
  const records = size === 0 ? 0 : (await findRecord(index, recordCount(length), size - 1)) + 1;
  if (length !== indexLength(records)) index.truncate(indexLength(records));
  const [last] = records === 0 ? [] : await readRecords(index, records - 1, 1);
  return { size, records, last: last ?? null };
}
