import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { createSecretBox, openSecretBox } from '../../src/secrets/open-secret-box.ts';

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'xx-secrets-'));
  try {
    await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

test('any text comes back with its key and context, and with no other', () => {
  const box = createSecretBox(Buffer.alloc(32, 1));
  const other = createSecretBox(Buffer.alloc(32, 2));
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (text, context) => {
      const sealed = box.seal(text, context);
      assert.deepEqual(box.open(sealed, context), { ok: true, value: text });
      assert.equal(box.open(sealed, `${context}x`).ok, false);
      assert.equal(other.open(sealed, context).ok, false);
    }),
  );
});

test('the same text looks different each time', () => {
  const box = createSecretBox(Buffer.alloc(32, 1));
  assert.notEqual(box.seal('a', ''), box.seal('a', ''));
});

test('a changed or foreign text is refused, never an exception', () => {
  const box = createSecretBox(Buffer.alloc(32, 1));
  const sealed = box.seal('text', 'context');
  fc.assert(
    fc.property(fc.nat(sealed.length - 1), fc.constantFrom('A', 'z', '_'), (position, character) => {
      fc.pre(sealed[position] !== character && position < sealed.length - 1);
      const changed = sealed.slice(0, position) + character + sealed.slice(position + 1);
      assert.equal(box.open(changed, 'context').ok, false);
    }),
  );
  fc.assert(fc.property(fc.string(), (text) => assert.equal(box.open(text, '').ok, false)));
});

test('a key file is made once, for its owner only, also when two begin at once', () =>
  inFolder(async (folder) => {
    const path = join(folder, 'state', 'secret.key');
    const boxes = await Promise.all([openSecretBox(path), openSecretBox(path), openSecretBox(path)]);
    const sealed = boxes[0].seal('text', '');
    for (const box of [...boxes, await openSecretBox(path)]) assert.equal(box.open(sealed, '').ok, true);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.match(await readFile(path, 'utf8'), /^[0-9a-f]{64}\n$/);
  }));

test('a file that is not a key is not replaced', () =>
  inFolder(async (folder) => {
    const path = join(folder, 'secret.key');
    await writeFile(path, 'something else\n');
    await assert.rejects(openSecretBox(path), /is not a key file/);
    assert.equal(await readFile(path, 'utf8'), 'something else\n');
  }));
