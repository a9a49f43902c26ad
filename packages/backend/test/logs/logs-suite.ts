import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { type LogChunk, type LogStream, systemClock } from '@xx-pipeline/common';
import fc from 'fast-check';
import { StatusLogs } from '../../src/execution/StatusLogs.ts';
import type { LogKey, LogStore } from '../../src/logs/LogStore.ts';
import { logName } from '../../src/logs/log-name.ts';
import type { MakeDatabase } from '../store/databases.ts';

const chunkOf = (stream: LogStream, at: number, text: string): LogChunk => ({ stream, at, bytes: Buffer.from(text) });
const newKey = (): LogKey => ({ jobId: randomUUID(), attempt: 1 });

/** What logs promise, wherever they are kept. */
export function testLogs(name: string, make: MakeDatabase): void {
  test(`${name}: a log is its bytes, with stream and time of each`, async () => {
    await using database = await make();
    const { logs } = await database.open();
    const key = newKey();
    assert.equal(await logs.size(key), 0);
    assert.deepEqual(await logs.read(key, 0, 100), []);
    const chunks = [chunkOf('runner', 1, 'hello\n'), chunkOf('stdout', 2, 'ab'), chunkOf('stdout', 2, 'cd')];
    assert.deepEqual(await logs.append(key, 0, chunks), { kind: 'appended', nextOffset: 10 });
    assert.deepEqual(await logs.append(key, 10, [chunkOf('stderr', 3, 'ef')]), { kind: 'appended', nextOffset: 12 });
    const seen = (await logs.read(key, 3, 8)).map(({ offset, chunk }) => [
      offset,
      chunk.stream,
      chunk.at,
      Buffer.from(chunk.bytes).toString(),
    ]);
    assert.deepEqual(seen, [
      [3, 'runner', 1, 'lo\n'],
      [6, 'stdout', 2, 'abcd'],
      [10, 'stderr', 3, 'e'],
    ]);
    assert.deepEqual(await logs.read(key, 12, 100), []);
    assert.equal(await logs.size({ ...key, attempt: 2 }), 0);
  });

  test(`${name}: every line of the runner keeps its mark and stays a chunk of its own`, async () => {
    await using database = await make();
    let { logs } = await database.open();
    const key = newKey();
    const line = (text: string, mark: number): LogChunk => ({ ...chunkOf('runner', 1, text), mark });
    await logs.append(key, 0, [line('a\n', 8), line('b\n', 8), chunkOf('runner', 1, 'c\n'), line('half', 255)]);
    ({ logs } = await database.open());
    await logs.append(key, 6, [line('half done\n', 255), line('d\n', 8)]);
    const seen = (await logs.read(key, 0, 100)).map(({ chunk }) => [
      Buffer.from(chunk.bytes).toString(),
      chunk.mark ?? null,
    ]);
    assert.deepEqual(seen, [
      ['a\n', 8],
      ['b\n', 8],
      ['c\n', null],
      ['half', 255],
      [' done\n', 255],
      ['d\n', 8],
    ]);
  });

  test(`${name}: an append beyond the end is refused and says where the log goes on`, async () => {
    await using database = await make();
    const { logs } = await database.open();
    const key = newKey();
    assert.deepEqual(await logs.append(key, 5, [chunkOf('stdout', 1, 'x')]), { kind: 'gap', nextOffset: 0 });
    await logs.append(key, 0, [chunkOf('stdout', 1, 'abc')]);
    assert.deepEqual(await logs.append(key, 4, [chunkOf('stdout', 1, 'x')]), { kind: 'gap', nextOffset: 3 });
    assert.deepEqual(await logs.append(key, 3, []), { kind: 'appended', nextOffset: 3 });
    assert.equal(await logs.size(key), 3);
  });

  test(`${name}: whatever is repeated, cut or missing on the way, the log ends up with the job's bytes`, async () => {
    await using database = await make();
    let { logs } = await database.open();
    const stream = fc.constantFrom<LogStream>('stdout', 'stderr', 'runner');
    const length = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 90_000 }));
    const chunk = fc.record({ stream, at: fc.integer({ min: 0, max: 3 }), length });
    const delivery = fc.record({ from: fc.double({ min: 0, max: 1, noNaN: true }), size: length, reopen: fc.nat(9) });
    const log = fc.array(chunk, { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(log, fc.array(delivery, { maxLength: 25 }), async (parts, deliveries) => {
        const key = newKey();
        const whole = parts.map(({ stream, at, length }, index) => ({ stream, at, bytes: pattern(index, length) }));
        const total = whole.reduce((sum, { bytes }) => sum + bytes.length, 0);
        let size = 0;
        for (const { from, size: wanted, reopen } of deliveries) {
          if (reopen === 0) ({ logs } = await database.open());
          // Mostly near the end, where a real worker sends from.
          const offset = Math.floor(from * Math.min(total, size + 20));
          const end = Math.min(total, offset + wanted);
          const result = await logs.append(key, offset, cut(whole, offset, end));
          const expected = offset > size ? size : Math.max(size, end);
          assert.deepEqual(result, { kind: offset > size ? 'gap' : 'appended', nextOffset: expected });
          size = expected;
        }
        assert.equal(await logs.size(key), size);
        assert.deepEqual(spell(await readAll(logs, key, 50_000)), spell(cut(whole, 0, size)));
      }),
      { numRuns: 25 },
    );
  });

  test(`${name}: many small appends read like one, from any place`, async () => {
    await using database = await make();
    const { logs } = await database.open();
    const key = newKey();
    const lines = Array.from({ length: 350 }, (_, index) => `line ${index} ${'.'.repeat(index % 50)}\n`);
    let offset = 0;
    for (const [index, line] of lines.entries()) {
      const result = await logs.append(key, offset, [chunkOf(index % 3 === 0 ? 'stderr' : 'stdout', index, line)]);
      offset = result.nextOffset;
    }
    const text = lines.join('');
    assert.equal(text.length, offset);
    for (const from of [0, 1, 17, 5000, offset - 3]) {
      const segments = await logs.read(key, from, 2000);
      const bytes = Buffer.concat(segments.map(({ chunk }) => chunk.bytes));
      assert.equal(bytes.toString(), text.slice(from, from + 2000));
      assert.equal(segments[0]?.offset, from);
    }
    const other = await database.open();
    const all = await readAll(other.logs, key, 700);
    assert.deepEqual(
      all.map(({ at }) => at),
      all.map(({ at }) => at).toSorted((a, b) => a - b),
    );
    assert.equal(Buffer.concat(all.map(({ bytes }) => bytes)).toString(), text);
  });

  test(`${name}: appends of the same bytes at the same time store them once`, async () => {
    await using database = await make();
    const { logs } = await database.open();
    const key = newKey();
    const whole = [{ stream: 'stdout' as const, at: 1, bytes: pattern(7, 1000) }];
    await Promise.all(Array.from({ length: 20 }, (_, index) => logs.append(key, 0, cut(whole, 0, 50 * (index + 1)))));
    assert.deepEqual(spell(await readAll(logs, key, 100)), spell(whole));
  });

  test(`${name}: who listens hears that a log has grown`, async () => {
    await using database = await make();
    const { logs, wakeups } = await database.open();
    const key = newKey();
    const { promise: heard, resolve } = Promise.withResolvers<void>();
    const stop = wakeups.listen(`log:${logName(key)}`, resolve);
    await logs.append(key, 0, [chunkOf('stdout', 1, 'abc')]);
    await heard;
    stop();
  });

  test(`${name}: what is only for a log of a certain length is refused by any other`, async () => {
    await using database = await make();
    const { logs } = await database.open();
    const key = newKey();
    const tries = ['one ', 'two '].map((text) => logs.appendIf(key, 0, [chunkOf('stdout', 1, text)]));
    const taken = (await Promise.all(tries)).filter(Boolean);
    assert.equal(taken.length, 1);
    assert.equal(await logs.appendIf(key, 5, [chunkOf('stdout', 2, 'x')]), false);
    assert.equal(await logs.appendIf(key, 4, [chunkOf('stdout', 2, 'three')]), true);
    assert.match((await readAll(logs, key, 100)).map(({ bytes }) => Buffer.from(bytes)).join(''), /^(one|two) three$/);
  });

  test(`${name}: texts that come with status updates to several backends at once are all there, each whole`, async () => {
    await using database = await make();
    const clock = systemClock;
    // A database in a file has one backend: both speakers share its store.
    const first = (await database.open()).logs;
    const second = database.url.startsWith('postgres') ? (await database.open()).logs : first;
    const [one, two] = [new StatusLogs(first, clock), new StatusLogs(second, clock)];
    const key = newKey();
    const texts = Array.from({ length: 30 }, (_, number) => `${number % 2 === 0 ? 'even' : 'odd'} text ${number}\n`);
    await Promise.all(texts.map((text, number) => (number % 3 === 0 ? one : two).append(key, text)));
    // An end that is told again, to the other backend, because the answer was slow.
    await Promise.all([
      one.appendOnce(key, 'the end\n'),
      two.appendOnce(key, 'the end\n'),
      one.appendOnce(key, 'the end\n'),
    ]);
    const log = (await readAll(first, key, 10_000)).map(({ bytes }) => Buffer.from(bytes)).join('');
    assert.deepEqual(log.split('\n').toSorted(), [...texts.map((text) => text.trimEnd()), 'the end', ''].toSorted());
  });

  test(`${name}: an id that could be a path is refused`, async () => {
    await using database = await make();
    const { logs } = await database.open();
    for (const key of [
      { jobId: '../../etc/passwd', attempt: 1 },
      { jobId: '', attempt: 1 },
      { jobId: 'a', attempt: 0 },
      { jobId: 'a', attempt: 1.5 },
    ]) {
      await assert.rejects(logs.append(key, 0, [chunkOf('stdout', 1, 'x')]), /is not/);
      await assert.rejects(logs.read(key, 0, 10), /is not/);
      await assert.rejects(logs.size(key), /is not/);
    }
  });
}

/** Bytes that differ from place to place. */
function pattern(seed: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 31 + seed * 17 + (index >> 8)) & 0xff);
}

/** A stretch of a log, at the borders of its chunks and at its own. */
function cut(whole: readonly LogChunk[], from: number, to: number): LogChunk[] {
  const parts: LogChunk[] = [];
  let position = 0;
  for (const chunk of whole) {
    const bytes = chunk.bytes.subarray(Math.max(0, from - position), Math.max(0, to - position));
    if (bytes.length > 0) parts.push({ ...chunk, bytes });
    position += chunk.bytes.length;
  }
  return parts;
}

/** The same text for the same bytes of the same origin, however they are cut into chunks. */
function spell(chunks: readonly LogChunk[]): string[] {
  const lines: { head: string; bytes: Uint8Array[] }[] = [];
  for (const { stream, at, bytes } of chunks) {
    const head = `${stream} ${at} `;
    const last = lines.at(-1);
    if (last?.head === head) last.bytes.push(bytes);
    else lines.push({ head, bytes: [bytes] });
  }
  return lines.map(({ head, bytes }) => head + Buffer.concat(bytes).toString('base64'));
}

async function readAll(logs: LogStore, key: LogKey, limit: number): Promise<LogChunk[]> {
  const chunks: LogChunk[] = [];
  for (let offset = 0; ; ) {
    const segments = await logs.read(key, offset, limit);
    if (segments.length === 0) return chunks;
    for (const { offset: start, chunk } of segments) {
      assert.equal(start, offset);
      offset += chunk.bytes.length;
      chunks.push(chunk);
    }
  }
}
