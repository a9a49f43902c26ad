import { areMergeable, type LogChunk, type LogOrigin, type LogStream } from '@xx-pipeline/common';
import type { StoredFile } from './StoredFile.ts';

const recordLength = 16;
const streams: readonly LogStream[] = ['stdout', 'stderr', 'runner'];

/** The offset at which a stretch of a log begins, and its origin. */
export interface IndexRecord {
  readonly offset: number;
  readonly origin: LogOrigin;
}

/** Records for the chunks of an append; neighbours of one stream and time share one. */
export function recordsOf(chunks: readonly LogChunk[], offset: number, previous: IndexRecord | null): IndexRecord[] {
  const records: IndexRecord[] = [];
  let before: LogOrigin | LogChunk | undefined = previous?.origin;
  let position = offset;
  for (const chunk of chunks) {
    const { bytes, ...origin } = chunk;
    if (before === undefined || !areMergeable(before, origin)) records.push({ offset: position, origin });
    before = chunk;
    position += bytes.length;
  }
  return records;
}

/** Offset (6 bytes), time (6 bytes, ms), stream (1 byte), mark (1 byte, 0 for none), 2 unused. Numbers are big-endian. */
export function encodeRecords(records: readonly IndexRecord[]): Buffer {
  const bytes = Buffer.alloc(records.length * recordLength);
  for (const [number, { offset, origin }] of records.entries()) {
    const { stream, at, mark = 0 } = origin;
    const start = number * recordLength;
    bytes.writeUIntBE(offset, start, 6);
    bytes.writeUIntBE(at, start + 6, 6);
    bytes.writeUInt8(streams.indexOf(stream), start + 12);
    bytes.writeUInt8(mark, start + 13);
  }
  return bytes;
}

/** Reads records by number. */
export async function readRecords(file: StoredFile, from: number, count: number): Promise<IndexRecord[]> {
  const buffer = Buffer.alloc(count * recordLength);
  const bytesRead = await file.read(buffer, from * recordLength);
  const records: IndexRecord[] = [];
  for (let start = 0; start + recordLength <= bytesRead; start += recordLength) {
    const mark = buffer.readUInt8(start + 13);
    const origin: LogOrigin = {
      stream: streams[buffer.readUInt8(start + 12)] ?? 'stdout',
      at: buffer.readUIntBE(start + 6, 6),
      ...(mark === 0 ? {} : { mark }),
    };
    records.push({ offset: buffer.readUIntBE(start, 6), origin });
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
