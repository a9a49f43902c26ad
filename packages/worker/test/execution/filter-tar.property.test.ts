import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { packTar, unpackTar } from 'modern-tar';
import { filterTar } from '../../src/execution/artifacts/filter-tar.ts';

const archives = fc.array(
  fc.record({
    size: fc.oneof(fc.constant(0), fc.nat(1500), fc.nat(60_000)),
    kept: fc.boolean(),
    type: fc.constantFrom('file', 'file', 'file', 'symlink', 'directory'),
  }),
  { maxLength: 40 },
);
const chunkSizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 2000 }), fc.integer({ min: 1, max: 200_000 })), {
  minLength: 1,
  maxLength: 20,
});

/** The bytes in chunks of the given sizes, over and over; `turns` decides how many turns of the loop lie between them. */
async function* inChunks(bytes: Uint8Array, sizes: readonly number[], turns: number): AsyncGenerator<Uint8Array> {
  for (let start = 0, index = 0; start < bytes.length; index++) {
    const size = sizes[index % sizes.length] as number;
    for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
    yield bytes.subarray(start, start + size);
    start += size;
  }
}

async function* only<T>(item: T): AsyncGenerator<T> {
  yield item;
}

test('exactly the chosen entries arrive whole, whatever was left out before them and however the stream is cut', async () => {
  await fc.assert(
    fc.asyncProperty(archives, chunkSizes, fc.nat(2), async (entries, sizes, turns) => {
      const packed = entries.map(({ size, type, kept }, index) => {
        const name = `${kept ? 'kept' : 'left-out'}-${index}${type === 'directory' ? '/' : ''}`;
        if (type !== 'file') return { header: { name, type, size: 0, linkname: type === 'symlink' ? 'to' : '' } };
        return { header: { name, size }, body: Buffer.alloc(size, index) };
      });
      const tar = inChunks(await packTar(packed as Parameters<typeof packTar>[0]), sizes, turns);
      const chunks: Uint8Array[] = [];
      const select = (header: { name: string }) => (header.name.startsWith('kept') ? header : null);
      const filtered = filterTar(only(tar), select as Parameters<typeof filterTar>[1], new AbortController().signal);
      for await (const chunk of filtered) chunks.push(Uint8Array.from(chunk));
      const out = await unpackTar(Buffer.concat(chunks), { strict: true });
      const expected = packed.filter(({ header }) => header.name.startsWith('kept'));
      assert.deepEqual(
        out.map(({ header, data }) => [header.name, data === undefined ? '' : Buffer.from(data).toString('latin1')]),
        expected.map(({ header, body }) => [header.name, body === undefined ? '' : body.toString('latin1')]),
      );
    }),
    { numRuns: 300 },
  );
});
