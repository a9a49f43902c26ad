import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { type SnapshotFile, snapshotText } from '@xx-pipeline/common';

test('the text of a tree, and so the id of a snapshot, is what it always was', () => {
  const sha256 = 'a'.repeat(64);
  const file = { size: 5, path: 'src/b', executable: true, sha256, mtime: 7 };
  const given: SnapshotFile[] = [
    file,
    { link: 'src/b', path: 'src/a' },
    { path: 'Z\u00e4', sha256, size: 0, executable: false },
  ];
  const { text, files } = snapshotText(given);
  assert.equal(
    text,
    `[{"path":"Z\u00e4","sha256":"${sha256}","size":0,"executable":false},{"path":"src/a","link":"src/b"},` +
      `{"path":"src/b","sha256":"${sha256}","size":5,"executable":true}]`,
  );
  assert.equal(
    createHash('sha256').update(text).digest('hex'),
    '32e0b27f6761bba49c9cc1695ebe7d8d400137f5d68dfefcfed19efe83488cfd',
  );
  assert.deepEqual(files, JSON.parse(text));
  assert.equal(snapshotText(given.toReversed()).text, text);
});
