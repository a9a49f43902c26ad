import type { LogChunk } from '@xx-pipeline/common';
import type { Wakeups } from '../events/Wakeups.ts';
import { KeyedQueue } from '../storage/KeyedQueue.ts';
import { LruCache } from '../storage/LruCache.ts';
import type { PostgresPool, PostgresRunner } from '../storage/PostgresPool.ts';
import type { AppendResult, LogKey, LogSegment, LogStore } from './LogStore.ts';
import { logName } from './log-name.ts';
import { type LogRow, packRows, rowBytes, unpackRow } from './log-rows.ts';
import { skipBytes, totalBytes } from './merge-chunks.ts';

/** So many small rows are made one. */
const maxSmallRows = 100;

/** Appends only if the log is as long as we think: whichever backend writes, bytes come once and in order. */
const appendRows = {
  name: 'append-log',
  text: `with head as (
      insert into logs (job_id, attempt, size) values ($1, $2, $4)
      on conflict (job_id, attempt) do update set size = excluded.size where logs.size = $3
      returning size)
    insert into log_chunks (job_id, attempt, start, length, body)
    select $1, $2, v.start, v.length, substring($8::bytea from v.place + 1 for v.size)
    from head, unnest($5::bigint[], $6::bigint[], $7::integer[], $9::integer[]) as v (start, length, place, size)
    returning start`,
};
const readSize = { name: 'log-size', text: `select size from logs where job_id = $1 and attempt = $2` };
const readRows = {
  name: 'read-log',
  text: `select start, length, body from log_chunks
    where job_id = $1 and attempt = $2 and start < $4 and start >= coalesce(
      (select max(start) from log_chunks where job_id = $1 and attempt = $2 and start <= $3), 0)
    order by start`,
};
const lockHead = `select size from logs where job_id = $1 and attempt = $2 for update`;
const takeRows = `delete from log_chunks where job_id = $1 and attempt = $2 and start >= $3 and start < $4
  returning start, length, body`;
const insertRows = `insert into log_chunks (job_id, attempt, start, length, body)
  select $1, $2, v.start, v.length, substring($6::bytea from v.place + 1 for v.size)
  from unnest($3::bigint[], $4::bigint[], $5::integer[], $7::integer[]) as v (start, length, place, size)`;

/** The end of a log, as far as this backend knows it. */
interface Tail {
  readonly size: number;
  /** The offset at which the small rows at the end begin, and their number. */
  readonly smallFrom: number;
  readonly smallRows: number;
}

/**
 * Logs in PostgreSQL: rows of up to 256 KiB, compressed, readable from any backend as soon as they are acknowledged.
 * Small rows, as a slow job makes them, are made larger ones from time to time.
 */
export class PostgresLogStore implements LogStore {
  readonly #pool: PostgresPool;
  readonly #wakeups: Wakeups;
  readonly #turns = new KeyedQueue();
  readonly #tails = new LruCache<Tail>(10_000);

  constructor(pool: PostgresPool, wakeups: Wakeups) {
    this.#pool = pool;
    this.#wakeups = wakeups;
  }

  async append(key: LogKey, offset: number, chunks: readonly LogChunk[]): Promise<AppendResult> {
    const name = logName(key);
    const result = await this.#turns.run(name, () => this.#append(key, name, offset, chunks));
    if (result.kind === 'appended') this.#wakeups.notify(`log:${name}`);
    return result;
  }

  async appendIf(key: LogKey, size: number, chunks: readonly LogChunk[]): Promise<boolean> {
    const name = logName(key);
    const isWritten = await this.#turns.run(name, async () => {
      const known = this.#tails.get(name);
      const tail = known?.size === size ? known : await this.#readTail(key);
      return tail.size === size && (await this.#write(key, name, tail, chunks));
    });
    if (isWritten) this.#wakeups.notify(`log:${name}`);
    return isWritten;
  }

  async #append(key: LogKey, name: string, offset: number, chunks: readonly LogChunk[]): Promise<AppendResult> {
    const end = offset + totalBytes(chunks);
    for (let known = this.#tails.get(name); ; known = undefined) {
      const tail = known ?? (await this.#readTail(key));
      const { size } = tail;
      // What was remembered may be outdated by another backend.
      if (offset > size && known !== undefined) continue;
      if (offset > size) return { kind: 'gap', nextOffset: size };
      if (end <= size) return { kind: 'appended', nextOffset: size };
      // Unless another backend has appended meanwhile.
      if (await this.#write(key, name, tail, skipBytes(chunks, size - offset))) {
        return { kind: 'appended', nextOffset: end };
      }
    }
  }

  /** Writes behind what is known to be the end; false when it is not the end any more. */
  async #write(key: LogKey, name: string, tail: Tail, chunks: readonly LogChunk[]): Promise<boolean> {
    const { size } = tail;
    const end = size + totalBytes(chunks);
    const rows = await packRows(chunks, size);
    this.#tails.delete(name);
    const written = await this.#pool.query(appendRows, [key.jobId, key.attempt, size, end, ...columnsOf(rows)]);
    if (written.length === 0) return false;
    this.#tails.set(name, await this.#tidy(key, tail, rows, end), 1);
    return true;
  }

  async #readTail(key: LogKey): Promise<Tail> {
    const size = await this.size(key);
    return { size, smallFrom: size, smallRows: 0 };
  }

  /** Makes one row of many small ones. A failure is no harm: all of the log is there. */
  async #tidy(key: LogKey, { smallFrom, smallRows }: Tail, rows: readonly LogRow[], end: number): Promise<Tail> {
    const isLarge = (rows[0]?.length ?? 0) >= rowBytes / 8;
    if (isLarge && smallRows === 0) return { size: end, smallFrom: end, smallRows: 0 };
    const count = smallRows + rows.length;
    if (!isLarge && count < maxSmallRows && end - smallFrom < rowBytes)
      return { size: end, smallFrom, smallRows: count };
    if (count > 1) {
      await this.#pool.transaction((runner) => this.#join(runner, key, smallFrom, end)).catch(() => undefined);
    }
    return { size: end, smallFrom: end, smallRows: 0 };
  }

  async #join(runner: PostgresRunner, { jobId, attempt }: LogKey, from: number, end: number): Promise<void> {
    await runner.query(lockHead, [jobId, attempt]);
    const rows = await runner.query<LogRow>(takeRows, [jobId, attempt, from, end]);
    const chunks: LogChunk[] = [];
    for (const row of rows.toSorted((one, other) => one.start - other.start)) chunks.push(...(await unpackRow(row)));
    const joined = await packRows(chunks, rows.length === 0 ? from : Math.min(...rows.map(({ start }) => start)));
    await runner.query(insertRows, [jobId, attempt, ...columnsOf(joined)]);
  }

  async size(key: LogKey): Promise<number> {
    logName(key);
    const [row] = await this.#pool.query<{ size: number }>(readSize, [key.jobId, key.attempt]);
    return row?.size ?? 0;
  }

  async read(key: LogKey, offset: number, limit: number): Promise<LogSegment[]> {
    logName(key);
    const end = offset + limit;
    const rows = await this.#pool.query<LogRow>(readRows, [key.jobId, key.attempt, offset, end]);
    const segments: LogSegment[] = [];
    for (const row of rows) {
      let position = row.start;
      for (const chunk of await unpackRow(row)) {
        const from = Math.max(0, offset - position);
        const bytes = chunk.bytes.subarray(from, Math.max(from, end - position));
        if (bytes.length > 0) segments.push({ offset: position + from, chunk: { ...chunk, bytes } });
        position += chunk.bytes.length;
      }
    }
    return segments;
  }

  async close(): Promise<void> {}
}

/** Start, length, place in the one body, body, size: an array of bodies would travel as text, at twice the size. */
function columnsOf(rows: readonly LogRow[]): unknown[] {
  const places: number[] = [];
  let place = 0;
  for (const { body } of rows) {
    places.push(place);
    place += body.length;
  }
  return [
    rows.map(({ start }) => start),
    rows.map(({ length }) => length),
    places,
    Buffer.concat(rows.map(({ body }) => body)),
    rows.map(({ body }) => body.length),
  ];
}
