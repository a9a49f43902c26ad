import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LogChunk } from '@xx-pipeline/common';
import { encodeLogFrame } from '@xx-pipeline/common/api';
import fc from 'fast-check';
import { LogFrameReader } from '../../src/http/LogFrameReader.ts';

const chunk = fc.record({
  stream: fc.constantFrom('stdout', 'stderr', 'runner'),
  at: fc.integer({ min: 0, max: 2 ** 45 }),
  bytes: fc.uint8Array({ maxLength: 200 }),
});

/** A frame may come out in parts. */
const byteByByte = (chunks: readonly LogChunk[]) =>
  chunks.flatMap(({ stream, at, bytes }) => [...bytes].map((byte) => `${stream} ${at} ${byte}`));

test('frames come out as they went in, wherever the body was cut', () => {
  fc.assert(
    fc.property(fc.array(chunk, { maxLength: 20 }), fc.array(fc.integer({ min: 1, max: 64 })), (chunks, cuts) => {
      const body = Buffer.concat(chunks.flatMap((one) => encodeLogFrame(one as LogChunk)));
      const reader = new LogFrameReader();
      const read: LogChunk[] = [];
      let at = 0;
      for (let turn = 0; at < body.length; turn++) {
        const end = at + (cuts[turn % Math.max(1, cuts.length)] ?? body.length);
        read.push(...reader.push(body.subarray(at, end)));
        at = end;
      }
      reader.end();
      assert.deepEqual(byteByByte(read), byteByByte(chunks as LogChunk[]));
    }),
  );
});

test('bytes that are no frames are refused, never held without end', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { maxLength: 20 }), (parts) => {
      const reader = new LogFrameReader();
      try {
        for (const part of parts) reader.push(part);
        reader.end();
      } catch (error) {
        assert.equal((error as Error).name, 'HttpProblem');
      }
    }),
  );
  const huge = Buffer.alloc(12);
  huge.writeUInt32BE(2 ** 31, 8);
  assert.throws(() => new LogFrameReader().push(huge), { name: 'HttpProblem' });
});
