import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FrameDemultiplexer } from '../../src/execution/shell/FrameDemultiplexer.ts';

const frame = (type: number, payload: string): Buffer => {
  const header = Buffer.alloc(8);
  header[0] = type;
  header.writeUInt32BE(Buffer.byteLength(payload), 4);
  return Buffer.concat([header, Buffer.from(payload)]);
};

test('frames come out by stream and in order, wherever the connection cuts them', () => {
  const frames = fc.array(fc.tuple(fc.constantFrom(1, 2), fc.string({ maxLength: 30 })), { maxLength: 20 });
  fc.assert(
    fc.property(frames, fc.integer({ min: 1, max: 40 }), (all, size) => {
      const seen = { stdout: '', stderr: '' };
      const demultiplexer = new FrameDemultiplexer((stream, bytes) => {
        seen[stream] += bytes.toString('latin1');
      });
      const whole = Buffer.concat(all.map(([type, payload]) => frame(type, payload)));
      for (let at = 0; at < whole.length; at += size) demultiplexer.push(whole.subarray(at, at + size));
      const expected = (type: number) =>
        Buffer.concat(all.filter(([other]) => other === type).map(([, payload]) => Buffer.from(payload))).toString(
          'latin1',
        );
      assert.deepEqual(seen, { stdout: expected(1), stderr: expected(2) });
    }),
  );
});

test('payload is passed on uncopied', () => {
  const chunk = frame(1, 'payload');
  const demultiplexer = new FrameDemultiplexer((_stream, bytes) => assert.equal(bytes.buffer, chunk.buffer));
  demultiplexer.push(chunk);
});

test('what is not the attach format is an error, not output', () => {
  const demultiplexer = new FrameDemultiplexer(() => assert.fail('no output'));
  assert.throws(() => demultiplexer.push(Buffer.from('HTTP/1.1 500')), /unknown kind/);
});
