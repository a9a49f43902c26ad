import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import type { SnapshotFile } from '@xx-pipeline/common';
import { unpackTar } from 'modern-tar';
import type { SnapshotStore } from '../../src/sources/SnapshotStore.ts';
import { InvalidTree } from '../../src/sources/tree.ts';
import type { MakeDatabase } from '../store/databases.ts';

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function fileOf(path: string, content: Buffer, executable = false): SnapshotFile {
  return { path, sha256: digest(content), size: content.length, executable };
}

/** What snapshots of source trees promise, wherever they are kept. */
export function testSources(name: string, make: MakeDatabase): void {
  test(`${name}: a tree comes back as an archive once its missing contents were brought`, async () => {
    await using database = await make();
    const { snapshots } = await database.open();
    const large = Buffer.alloc(2_600_000, 'large ');
    const contents = [Buffer.from('hello\n'), Buffer.from('#!/bin/sh\n'), large, Buffer.alloc(0)] as const;
    const long = `${'deep/'.repeat(40)}${'n'.repeat(120)}.txt`;
    const files: SnapshotFile[] = [
      fileOf('b/run.sh', contents[1], true),
      fileOf('a.txt', contents[0]),
      fileOf('copy of a.txt', contents[0]),
      fileOf(long, contents[0]),
      fileOf(`${'f'.repeat(120)}/${'g'.repeat(90)}`, contents[0]),
      fileOf('größe/日本.txt', contents[2]),
      fileOf('empty', contents[3]),
      { path: 'link', link: 'b/run.sh' },
      { path: 'far link', link: `b/${'x'.repeat(150)}` },
    ];
    const { id, missing } = await snapshots.offer(files);
    assert.deepEqual(missing.toSorted(), contents.map(digest).toSorted());
    assert.equal(await snapshots.isComplete(id), false);
    assert.equal(await snapshots.archive(id), null);
    for (const content of contents) assert.equal(await snapshots.putBlob(digest(content), pieces(content)), true);
    assert.deepEqual(await snapshots.offer(files.toReversed()), { id, missing: [] });
    assert.equal(await snapshots.isComplete(id), true);
    const other = await database.open();
    const archive = await readArchive(other.snapshots, id);
    const found = (await unpackTar(archive)).map(({ header, data }) => ({
      path: header.name,
      ...(header.type === 'symlink'
        ? { link: header.linkname }
        : { sha256: digest(data ?? Buffer.alloc(0)), size: header.size, executable: header.mode === 0o755 }),
    }));
    assert.deepEqual(
      found,
      files.toSorted((one, two) => (one.path < two.path ? -1 : 1)),
    );
    assert.equal(digest(await readArchive(snapshots, id)), digest(archive));
  });

  test(`${name}: a content with another digest is refused and stays missing`, async () => {
    await using database = await make();
    const { snapshots } = await database.open();
    for (const content of [Buffer.from('right'), Buffer.alloc(3_000_000, 'r')]) {
      const { id, missing } = await snapshots.offer([fileOf('file', content)]);
      const wrong = Buffer.from(content);
      wrong[0] = 0;
      assert.equal(await snapshots.putBlob(digest(content), pieces(wrong)), false);
      assert.equal(await snapshots.isComplete(id), false);
      const broken = snapshots.putBlob(digest(content), breaking(content));
      await assert.rejects(broken, /the connection broke/);
      assert.deepEqual((await snapshots.offer([fileOf('file', content)])).missing, missing);
      const both = await Promise.all([1, 2].map(() => snapshots.putBlob(digest(content), pieces(content))));
      assert.deepEqual(both, [true, true]);
      assert.equal(await snapshots.putBlob(digest(content), pieces(content)), true);
      assert.equal((await readArchive(snapshots, id)).length % 512, 0);
    }
  });

  test(`${name}: many short contents are stored at once, those that are there already or twice among them`, async () => {
    await using database = await make();
    const { snapshots } = await database.open();
    const contents = Array.from({ length: 500 }, (_, index) => Buffer.from(`content ${index}`));
    const all = [...contents, Buffer.alloc(0), Buffer.from('content 3')];
    const files = all.map((content, index) => fileOf(`file-${index}`, content));
    const { id } = await snapshots.offer(files);
    assert.equal(await snapshots.putBlob(digest(all[7] as Buffer), pieces(all[7] as Buffer)), true);
    const both = await Promise.all([all, all.toReversed()].map((some) => snapshots.putBlobs(some)));
    assert.deepEqual(both, [all.map(digest), all.toReversed().map(digest)]);
    assert.deepEqual(await snapshots.offer(files), { id, missing: [] });
    const unpacked = await unpackTar(await readArchive(snapshots, id));
    assert.deepEqual(
      unpacked.map(({ header, data }) => [header.name, Buffer.from(data ?? []).toString()]).toSorted(),
      files.map(({ path }, index) => [path, (all[index] as Buffer).toString()]).toSorted(),
    );
    assert.deepEqual(await snapshots.putBlobs([]), []);
  });

  test(`${name}: a tree nobody could lay out is refused with the path that is wrong`, async () => {
    await using database = await make();
    const { snapshots } = await database.open();
    const content = Buffer.from('x');
    const bad: [string, SnapshotFile[]][] = [
      ['"../x"', [fileOf('../x', content)]],
      ['"/etc/passwd"', [fileOf('/etc/passwd', content)]],
      ['"a/./b"', [fileOf('a/./b', content)]],
      ['"a//b"', [fileOf('a//b', content)]],
      ['"a" is there twice', [fileOf('a', content), { path: 'a', link: 'b' }]],
      ['below "out"', [{ path: 'out', link: '/etc' }, fileOf('out/passwd', content)]],
      ['below "a"', [fileOf('a', content), fileOf('a-b', content), fileOf('a/b', content)]],
      ['no valid digest', [{ path: 'a', sha256: '../../x', size: 1, executable: false }]],
    ];
    for (const [message, files] of bad) {
      await assert.rejects(snapshots.offer(files), (error: unknown) => {
        assert.ok(error instanceof InvalidTree);
        assert.ok(error.message.includes(message), error.message);
        return true;
      });
    }
    await assert.rejects(snapshots.putBlob('../../x', pieces(content)), /digest|digits/);
  });

  test(`${name}: an empty tree is an empty archive; an unknown one is none`, async () => {
    await using database = await make();
    const { snapshots } = await database.open();
    const { id } = await snapshots.offer([]);
    assert.deepEqual(await unpackTar(await readArchive(snapshots, id)), []);
    assert.equal(await snapshots.isComplete('0'.repeat(64)), false);
    assert.equal(await snapshots.archive('0'.repeat(64)), null);
  });
}

async function* pieces(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  for (let start = 0; start < bytes.length; start += 65_536) yield bytes.subarray(start, start + 65_536);
}

async function* breaking(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield* pieces(bytes.subarray(0, bytes.length - 1));
  throw new Error('the connection broke');
}

async function readArchive(snapshots: SnapshotStore, id: string): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of (await snapshots.archive(id)) ?? []) parts.push(part);
  return Buffer.concat(parts);
}
