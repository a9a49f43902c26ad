import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { appendFile, mkdtemp, rm, stat, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import type { LogStream } from '@xx-pipeline/common';
import { decodeLogFrames } from '@xx-pipeline/common/api';
import fc from 'fast-check';
import { LogFile } from '../../src/app/spool/LogFile.ts';
import { LogSpool } from '../../src/app/spool/LogSpool.ts';

const open = (path: string) =>
  LogSpool.on(LogFile.open(path), { onGrowth: () => {}, onTrouble: () => {}, now: () => 1 });

async function inDirectory(work: (path: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'xx-spool-'));
  try {
    await work(join(directory, 'log'));
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** The payload from an offset on, read in steps. */
async function readAll(spool: LogSpool, from: number, step: number): Promise<string> {
  const pieces: Uint8Array[] = [];
  for (let offset = from; ; ) {
    const { frames, bytes } = await spool.read(offset, step);
    if (bytes === 0) return Buffer.concat(pieces).toString();
    const chunks = decodeLogFrames(frames);
    assert.ok(chunks);
    assert.equal(
      chunks.reduce((sum, chunk) => sum + chunk.bytes.length, 0),
      bytes,
    );
    pieces.push(...chunks.map((chunk) => Buffer.from(chunk.bytes)));
    offset += bytes;
  }
}

test('what was written is read from any offset in any steps, also by the next process after a cut in the middle', async () => {
  const chunks = fc.array(
    fc.record({
      stream: fc.constantFrom<LogStream>('stdout', 'stderr', 'runner'),
      text: fc.string({ minLength: 1, maxLength: 30, unit: fc.constantFrom('a', 'b', '\n') }),
    }),
    { minLength: 1, maxLength: 30 },
  );
  await fc.assert(
    fc.asyncProperty(
      chunks,
      fc.nat(),
      fc.integer({ min: 1, max: 100 }),
      fc.integer({ min: 1, max: 11 }),
      async (given, at, step, cut) => {
        await inDirectory(async (path) => {
          const whole = given.map((chunk) => chunk.text).join('');
          const first = await open(path);
          for (const chunk of given) await first.write({ stream: chunk.stream, at: 5, bytes: Buffer.from(chunk.text) });
          await first.settled();
          assert.equal(first.end, whole.length);
          const offset = at % (whole.length + 1);
          assert.equal(await readAll(first, offset, step), whole.slice(offset));
          assert.equal(await readAll(first, 0, step), whole);
          await first.close();
          // As a killed process leaves it: the last frame is not whole.
          await truncate(path, (await stat(path)).size - Math.min(cut, given.at(-1)?.text.length ?? 1));
          const second = await open(path);
          const kept = given.slice(0, -1);
          assert.equal(await readAll(second, 0, step), kept.map((chunk) => chunk.text).join(''));
          const of = (stream: LogStream) => kept.filter((chunk) => chunk.stream === stream).map((chunk) => chunk.text);
          assert.equal(second.reported.stdout, of('stdout').join('').length);
          assert.equal(second.reported.stderr, of('stderr').join('').length);
          assert.deepEqual(
            second.reported.lines.map((line) => line.text),
            of('runner').map((line) => line.replace(/^\n/, '')),
          );
          await second.write({ stream: 'stdout', at: 6, bytes: Buffer.from('more') });
          await second.settled();
          assert.ok((await readAll(second, 0, step)).endsWith('more'));
          await second.close();
        });
      },
    ),
    { numRuns: 60 },
  );
});

test('garbage behind the last frame is taken away', async () => {
  await inDirectory(async (path) => {
    const first = await open(path);
    await first.write({ stream: 'stdout', at: 5, bytes: Buffer.from('good') });
    await first.close();
    await appendFile(path, Buffer.alloc(100, 0xff));
    const second = await open(path);
    assert.equal(await readAll(second, 0, 10), 'good');
    await second.close();
  });
});

test('what a full disk has refused at the end of a log is announced all the same', async () => {
  // Takes no byte at all.
  const spool = await open('/dev/full');
  await spool.write({ stream: 'stdout', at: 1, bytes: Buffer.from('lost\n') });
  await spool.finish();
  const said = await readAll(spool, 0, 10);
  assert.match(said, /^\nWARNING: 5 bytes of the log are missing here/);
  assert.equal(said.length, spool.end);
  assert.equal(await readAll(spool, 20, 1000), said.slice(20));
  await spool.close();
});

test('a disk that takes no more holds nobody up, keeps what it had, and is told of', async () => {
  await inDirectory(async (path) => {
    // A limit on the size of files refuses as a full disk does.
    const limited = 'trap "" 25; ulimit -f 200; exec "$0" "$@"';
    const child = spawn('sh', ['-c', limited, process.execPath, join(import.meta.dirname, 'fill-spool.ts'), path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const told = JSON.parse(await text(child.stdout)) as { troubles: number; end: number };
    assert.ok(told.troubles > 0);
    assert.ok(told.end > 50_000 && told.end <= 102_400, `${told.end} bytes`);
    const spool = await open(path);
    assert.equal(spool.end, told.end);
    // A gap is announced where a short line still fits.
    const said = (await readAll(spool, 0, 10_000)).replaceAll(
      /\nWARNING: \d+ bytes of the log are missing here.*\n/g,
      '',
    );
    assert.match(said, /^(0123456789)+$/);
    await spool.write({ stream: 'stdout', at: 1, bytes: Buffer.from('again') });
    await spool.close();
  });
});
