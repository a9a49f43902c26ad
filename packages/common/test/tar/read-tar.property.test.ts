import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readTar } from '@xx-pipeline/common/tar';
import fc from 'fast-check';
import { packTar } from 'modern-tar';

const entries = fc.array(
  fc.record({
    size: fc.oneof(fc.constant(0), fc.nat(1500), fc.nat(60_000)),
    read: fc.constantFrom('whole', 'partly', 'not at all'),
  }),
  { maxLength: 30 },
);
const chunkSizes = fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 1, maxLength: 20 });

/** The bytes in chunks of the given sizes, repeated. */
async function* inChunks(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let start = 0, index = 0; start < bytes.length; index++) {
    const size = sizes[index % sizes.length] as number;
    yield bytes.subarray(start, start + size);
    start += size;
  }
}

test('a body is whole however much of the bodies before it was read', async () => {
  await fc.assert(
    fc.asyncProperty(entries, chunkSizes, async (wanted, sizes) => {
      const tar = await packTar(
        wanted.map(({ size }, index) => ({ header: { name: `${index}`, size }, body: Buffer.alloc(size, index) })),
      );
      let index = 0;
      for await (const { header, body } of readTar(inChunks(tar, sizes), new AbortController().signal)) {
        const { size, read } = wanted[index] as (typeof wanted)[number];
        assert.deepEqual([header.name, header.size], [`${index}`, size]);
        const chunks: Uint8Array[] = [];
        if (read !== 'not at all') {
          for await (const chunk of body) {
            chunks.push(Uint8Array.from(chunk));
            if (read === 'partly') break;
          }
        }
        if (read === 'whole') assert.ok(Buffer.concat(chunks).equals(Buffer.alloc(size, index)));
        index++;
      }
      assert.equal(index, wanted.length);
    }),
    { numRuns: 200 },
  );
});

test('a caller that stops early or whose signal aborts releases a source that never ends', async () => {
  const tar = await packTar([
    { header: { name: 'a', size: 5000 }, body: 'a'.repeat(5000) },
    { header: { name: 'b', size: 1 }, body: 'b' },
  ]);
  for (const abort of [false, true]) {
    const released = Promise.withResolvers<void>();
    const silent: AsyncIterable<Uint8Array> = {
      [Symbol.asyncIterator]: () => {
        let given = false;
        return {
          next: () => {
            if (given) return new Promise(() => {});
            given = true;
            return Promise.resolve({ done: false, value: tar.subarray(0, 2000) });
          },
          return: async () => {
            released.resolve();
            return { done: true, value: undefined };
          },
        };
      },
    };
    const stop = new AbortController();
    const reading = (async () => {
      for await (const _ of readTar(silent, stop.signal)) {
        if (!abort) return;
        stop.abort(new Error('stopped'));
      }
    })();
    if (abort) await assert.rejects(reading, /stopped/);
    else await reading;
    await released.promise;
  }
});
