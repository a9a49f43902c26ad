import assert from 'node:assert/strict';
import { test } from 'node:test';
import { prefixTar } from '../../src/execution/docker/prefix-tar.ts';
import { tarOf, untar } from './rig.ts';

test('every name gets the directory in front, also names too long for a header', async () => {
  const files = {
    'a.txt': '1',
    [`${'long/'.repeat(25)}b.txt`]: 'x'.repeat(1000),
    [`${'c'.repeat(99)}`]: '',
    [`${'d'.repeat(240)}`]: '4',
  };
  const expected = Object.fromEntries(Object.entries(files).map(([name, content]) => [`in/dir/${name}`, content]));
  assert.deepEqual(await untar(prefixTar(tarOf(files), 'in/dir')), expected);
});

test('chunks may be cut anywhere', async () => {
  async function* cut(tar: AsyncIterable<Uint8Array>) {
    for await (const chunk of tar) for (let at = 0; at < chunk.length; at += 7) yield chunk.subarray(at, at + 7);
  }
  assert.deepEqual(await untar(prefixTar(cut(tarOf({ a: '1', b: '22' })), 'x')), { 'x/a': '1', 'x/b': '22' });
});
