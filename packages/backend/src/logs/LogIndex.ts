import type { LogChunk, LogStream } from '@xx-pipeline/common';
import type { StoredFile } from './StoredFile.ts';

const recordLength = 16;
const streams: readonly LogStream[] = ['stdout', 'stderr', 'runner'];

/** Where a stretch of a log begins, and whose it is. */
export interface IndexRecord {
  readonly offset: number;
  readonly at: number;
  readonly stream: LogStream;
}

/** Records for the chunks of an append; neighbours of one stream and time share one. */
export function recordsOf(chunks: readonly LogChunk[], offset: number, previous: IndexRecord | null): IndexRecord[] {
  const records: IndexRecord[] = [];
  let last = previous;
  let position = offset;
  for (const { stream, at, bytes } of chunks) {
    if (last === null || last.stream !== stream || last.at !== at) {
      last = { offset: position, at, stream };
      records.push(last);
    }
    position += bytes.length;
  }
  return records;
}

/** Offset (6 bytes), time (6 bytes, ms), stream (1 byte), 3 unused. Numbers are big-endian. */
export function encodeRecords(records: readonly IndexRecord[]): Buffer {
  const bytes = Buffer.alloc(records.length * recordLength);
  for (const [number, { offset, at, stream }] of records.entries()) {
    const start = number * recordLength;
    bytes.writeUIntBE(offset, start, 6);
    bytes.writeUIntBE(at, start + 6, 6);
    bytes.writeUInt8(streams.indexOf(stream), start + 12);
  }
  return bytes;
}

/** Reads records by number. */
export async function readRecords(file: StoredFile, from: number, count: number): Promise<IndexRecord[]> {
  const buffer = Buffer.alloc(count * recordLength);
  const bytesRead = await file.read(buffer, from * recordLength);
  const records: IndexRecord[] = [];
  for (let start = 0; start + recordLength <= bytesRead; start += recordLength) {
    records.push({
      offset: buffer.readUIntBE(start, 6),
      at: buffer.readUIntBE(start + 6, 6),
      stream: streams[buffer.readUInt8(start + 12)] ?? 'stdout',
    });
  }
  return records;
}

/** How many whole records a file of this length has. */
export const recordCount = (fileLength: number): number => Math.floor(fileLength / recordLength);

/** The length of a file with this many records. */
export const indexLength = (records: number): number => records * recordLength;

/** The number of the last record that begins at or before an offset; -1 when there is none. */
export async function findRecord(file: StoredFile, count: number, offset: number): Promise<number> {
  let low = 0;
  let high = count - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const [record] = await readRecords(file, middle, 1);
    if (record !== undefined && record.offset <= offset) low = middle + 1;
    else high = middle - 1;
  }
  return high;
}
