import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { LogChunk, LogStream } from '@xx-pipeline/common';
import { JobLogFile } from '../../src/reports/JobLogFile.ts';
import { readLogLines } from '../../src/reports/read-log.ts';

async function temporary(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'xx-log-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

const chunk = (stream: LogStream, at: number, text: string): LogChunk => ({ stream, at, bytes: Buffer.from(text) });

const unexpected = (error: unknown) => assert.fail(String(error));

async function lines(path: string): Promise<[number | null, LogStream | null, string][]> {
  const result: [number | null, LogStream | null, string][] = [];
  for await (const { at, stream, bytes } of readLogLines(path)) result.push([at, stream, bytes.toString()]);
  return result;
}

test('a log is exactly what was printed, and its lines know their stream and time', async (t) => {
  const path = join(await temporary(t), 'job.1.log');
  const log = new JobLogFile(path, unexpected);
  void log.write(chunk('runner', 100, '$ make\n'));
  void log.write(chunk('stdout', 105, 'one\ntw'));
  void log.write(chunk('stdout', 110, 'o\n\n'));
  void log.write(chunk('stderr', 111, 'warn: \xe9\r\n'));
  void log.write(chunk('stdout', 120, 'no end'));
  await log.close();
  assert.equal(await readFile(path, 'utf8'), '$ make\none\ntwo\n\nwarn: \xe9\r\nno end');
  assert.deepEqual(await lines(path), [
    [100, 'runner', '$ make'],
    [105, 'stdout', 'one'],
    [105, 'stdout', 'two'],
    [110, 'stdout', ''],
    [111, 'stderr', 'warn: \xe9\r'],
    [120, 'stdout', 'no end'],
  ]);
});

test('a job that prints nothing has an empty log', async (t) => {
  const path = join(await temporary(t), 'job.1.log');
  await new JobLogFile(path, unexpected).close();
  assert.equal(await readFile(path, 'utf8'), '');
  assert.deepEqual(await lines(path), []);
});

test('a log without its index, or with half of it, still shows all its lines', async (t) => {
  const path = join(await temporary(t), 'job.1.log');
  const log = new JobLogFile(path, unexpected);
  for (let index = 0; index < 10; index++) void log.write(chunk('stderr', 100 + index, `line ${index}\n`));
  await log.close();
  await truncate(`${path}.idx`, 24);
  const half = await lines(path);
  assert.equal(half.length, 10);
  assert.equal(half[0]?.[1], 'stderr');
  assert.equal(half[9]?.[1], null);
  await rm(`${path}.idx`);
  assert.deepEqual(
    (await lines(path)).map(([at]) => at),
    Array.from({ length: 10 }, () => null),
  );
});

test('a loud job is held back while the disk is busy, and nothing is lost or reordered', async (t) => {
  const path = join(await temporary(t), 'job.1.log');
  const log = new JobLogFile(path, unexpected);
  let waits = 0;
  const piece = (index: number) => Buffer.alloc(70_000, `${index % 10}`);
  for (let index = 0; index < 400; index++) {
    const wait = log.write({ stream: 'stdout', at: index, bytes: piece(index) });
    if (wait) waits++;
    await wait;
  }
  await log.close();
  assert.ok(waits > 0);
  const written = await readFile(path);
  assert.ok(written.equals(Buffer.concat(Array.from({ length: 400 }, (_, index) => piece(index)))));
});

test('a log that cannot be written says so once and swallows the rest', async (t) => {
  const failures: unknown[] = [];
  const log = new JobLogFile(join(await temporary(t), 'missing', 'job.1.log'), (error) => failures.push(error));
  await log.write(chunk('stdout', 1, 'x'.repeat(5_000_000)));
  await log.write(chunk('stdout', 2, 'y'));
  await log.close();
  assert.equal(failures.length, 1);
  assert.equal((failures[0] as NodeJS.ErrnoException).code, 'ENOENT');
});

test('a line without end comes in pieces instead of filling the memory', async (t) => {
  const path = join(await temporary(t), 'job.1.log');
  const log = new JobLogFile(path, unexpected);
  await log.write(chunk('stdout', 1, 'x'.repeat(3_000_000)));
  await log.close();
  const found = await lines(path);
  assert.ok(found.length >= 2);
  assert.equal(found.map(([, , text]) => text).join('').length, 3_000_000);
});
