import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LogStream } from '@xx-pipeline/common';
import fc from 'fast-check';
import { LogIndexWriter, type LogRun, readLogIndex } from '../../src/reports/log-index.ts';

const chunk = fc.record({
  stream: fc.constantFrom<LogStream>('stdout', 'stderr', 'runner'),
  at: fc.oneof(fc.integer({ min: 1_700_000_000_000, max: 1_700_000_000_020 }), fc.integer({ min: 0, max: 2 ** 42 })),
  bytes: fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 2 ** 31, max: 2 ** 40 })),
});

function encode(chunks: readonly LogRun[], takeEvery = Infinity): Buffer {
  const writer = new LogIndexWriter();
  const parts: Buffer[] = [];
  chunks.forEach(({ stream, at, bytes }, index) => {
    writer.add(stream, at, bytes);
    if (index % takeEvery === 0) parts.push(writer.take());
  });
  parts.push(writer.end());
  return Buffer.concat(parts);
}

/** What the index must say: neighbours of one stream and time are one run, empty chunks are none. */
function coalesced(chunks: readonly LogRun[]): LogRun[] {
  const runs: LogRun[] = [];
  for (const { stream, at, bytes } of chunks) {
    const last = runs.at(-1);
    if (bytes === 0) continue;
    if (last?.stream === stream && last.at === at) runs[runs.length - 1] = { stream, at, bytes: last.bytes + bytes };
    else runs.push({ stream, at, bytes });
  }
  return runs;
}

test('an index gives back stream, time and length of everything written, in whatever pieces it is flushed', () => {
  fc.assert(
    fc.property(fc.array(chunk), fc.integer({ min: 1, max: 5 }), (chunks, takeEvery) => {
      assert.deepEqual([...readLogIndex(encode(chunks, takeEvery))], coalesced(chunks));
    }),
  );
});

test('a cut index gives the records before the cut', () => {
  fc.assert(
    fc.property(fc.array(chunk, { minLength: 1 }), fc.double({ min: 0, max: 1, noNaN: true }), (chunks, share) => {
      const whole = encode(chunks);
      const cut = whole.subarray(0, Math.floor(whole.length * share));
      const runs = [...readLogIndex(cut)];
      assert.deepEqual(runs, coalesced(chunks).slice(0, runs.length));
    }),
  );
});

test('bytes that are no index give no runs and no error', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      assert.deepEqual([...readLogIndex(bytes)], []);
    }),
  );
});

test('steady output costs a few bytes per chunk', () => {
  const chunks = Array.from(
    { length: 10_000 },
    (_, index): LogRun => ({ stream: 'stdout', at: 1_700_000_000_000 + index, bytes: 65_536 }),
  );
  assert.ok(encode(chunks).length < 10_000 * 5);
});
