import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LogChunk } from '@xx-pipeline/common';
import { decodeLogFrames, encodeLogFrame } from '@xx-pipeline/common/api';
import fc from 'fast-check';

const chunks = fc.array(
  fc.record(
    {
      stream: fc.constantFrom('stdout', 'stderr', 'runner'),
      at: fc.nat(2 ** 47),
      bytes: fc.uint8Array({ maxLength: 40 }),
      mark: fc.integer({ min: 1, max: 255 }),
    },
    { requiredKeys: ['stream', 'at', 'bytes'], noNullPrototype: true },
  ),
);

const encode = (list: readonly LogChunk[]): Buffer => Buffer.concat(list.flatMap((chunk) => encodeLogFrame(chunk)));

test('frames are read as they were written, marks included', () => {
  fc.assert(
    fc.property(chunks, (list) => {
      const read = decodeLogFrames(encode(list))?.map((chunk) => ({ ...chunk, bytes: Uint8Array.from(chunk.bytes) }));
      assert.deepEqual(read, list);
    }),
  );
});

test('a body that is cut off or of something else gives null', () => {
  const body = encode([{ stream: 'stdout', at: 1, bytes: Buffer.from('abc') }]);
  assert.equal(decodeLogFrames(body.subarray(0, -1)), null);
  assert.equal(decodeLogFrames(Buffer.from('hello, no frames')), null);
});

test('0.1.0 reads frames with marks, and its frames have none', () => {
  fc.assert(
    fc.property(chunks, (list) => {
      const withoutMarks = list.map(({ stream, at, bytes }) => ({ stream, at, bytes: Buffer.from(bytes) }));
      assert.deepEqual(decodeAs010(encode(list)), withoutMarks);
      assert.deepEqual(decodeLogFrames(encodeAs010(withoutMarks)), withoutMarks);
    }),
  );
});

const streams = ['stdout', 'stderr', 'runner'] as const;

/** As 0.1.0 wrote frames. */
function encodeAs010(list: readonly LogChunk[]): Buffer {
  const frames = list.map(({ stream, at, bytes }) => {
    const header = Buffer.alloc(12);
    header.writeUInt16BE(streams.indexOf(stream) << 8, 0);
    header.writeUIntBE(at, 2, 6);
    header.writeUInt32BE(bytes.length, 8);
    return Buffer.concat([header, bytes]);
  });
  return Buffer.concat(frames);
}

/** As 0.1.0 read frames. */
function decodeAs010(body: Buffer): LogChunk[] {
  const found: LogChunk[] = [];
  for (let position = 0; position < body.length; ) {
    const stream = streams[body.readUInt8(position)];
    assert.ok(stream !== undefined);
    const end = position + 12 + body.readUInt32BE(position + 8);
    found.push({ stream, at: body.readUIntBE(position + 2, 6), bytes: body.subarray(position + 12, end) });
    position = end;
  }
  return found;
}
