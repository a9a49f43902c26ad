import assert from 'node:assert/strict';
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { test } from 'node:test';
import type { ArtifactKey, ArtifactStore } from '../../src/artifacts/ArtifactStore.ts';
import type { MakeDatabase } from '../store/databases.ts';

const newKey = (): ArtifactKey => ({ jobId: randomUUID(), attempt: 1 });
const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** What artifacts promise, wherever they are kept. */
export function testArtifacts(name: string, make: MakeDatabase): void {
  test(`${name}: an archive is there once it is whole, and not before`, async () => {
    await using database = await make();
    const { artifacts } = await database.open();
    const key = newKey();
    const archive = randomBytes(2_500_000);
    const upload = uploader(artifacts, key, archive);
    assert.deepEqual(await upload(0, 1_000_000), { kind: 'partial', nextOffset: 1_000_000 });
    assert.equal(await artifacts.open(key), null);
    assert.deepEqual(await upload(1_200_000, 2_500_000), { kind: 'gap', nextOffset: 1_000_000 });
    // Some of it once more, as after a lost answer.
    const stored = await upload(700_000, 2_500_000);
    assert.deepEqual(stored, { kind: 'stored', path: `artifacts/${key.jobId}/1.tar.zst` });
    assert.equal(await read(artifacts, key), digest(archive));
    assert.deepEqual(await upload(0, 2_500_000), stored);
    assert.equal(await artifacts.open({ ...key, attempt: 2 }), null);
  });

  test(`${name}: an upload goes on in another process after a connection broke`, async () => {
    await using database = await make();
    const key = newKey();
    const archive = randomBytes(1_500_000);
    const { artifacts } = await database.open();
    const broken = artifacts.upload(
      key,
      { size: archive.length, sha256: digest(archive), offset: 0 },
      (async function* () {
        yield archive.subarray(0, 1_200_000);
        throw new Error('the connection broke');
      })(),
    );
    await assert.rejects(broken, /the connection broke/);
    const other = await database.open();
    const upload = uploader(other.artifacts, key, archive);
    const where = await upload(1_500_000, 1_500_000);
    assert.ok(where.kind === 'gap' && where.nextOffset > 0);
    assert.equal((await upload(where.nextOffset, archive.length)).kind, 'stored');
    assert.equal(await read(artifacts, key), digest(archive));
  });

  test(`${name}: bytes that do not fit their digest or size are thrown away`, async () => {
    await using database = await make();
    const { artifacts } = await database.open();
    const key = newKey();
    const archive = randomBytes(100_000);
    const wrong = Buffer.from(archive);
    wrong[500] = (wrong[500] ?? 0) ^ 1;
    const announced = { size: archive.length, sha256: digest(archive), offset: 0 };
    assert.deepEqual(await artifacts.upload(key, announced, pieces(wrong)), { kind: 'checksum-mismatch' });
    const long = Buffer.concat([archive, Buffer.from('x')]);
    assert.deepEqual(await artifacts.upload(key, announced, pieces(long)), { kind: 'checksum-mismatch' });
    assert.equal(await artifacts.open(key), null);
    assert.equal((await artifacts.upload(key, announced, pieces(archive))).kind, 'stored');
    assert.equal(await read(artifacts, key), digest(archive));
  });

  test(`${name}: the same archive sent twice at once is stored once`, async () => {
    await using database = await make();
    const { artifacts } = await database.open();
    const key = newKey();
    const archive = randomBytes(300_000);
    const upload = uploader(artifacts, key, archive);
    const results = await Promise.all([upload(0, 300_000), upload(0, 300_000)]);
    assert.deepEqual(
      results.map(({ kind }) => kind),
      ['stored', 'stored'],
    );
    assert.equal(await read(artifacts, key), digest(archive));
  });

  test(`${name}: an empty archive is one, too, and another one of the same attempt takes its place`, async () => {
    await using database = await make();
    const { artifacts } = await database.open();
    const key = newKey();
    assert.equal((await uploader(artifacts, key, Buffer.alloc(0))(0, 0)).kind, 'stored');
    assert.equal(await read(artifacts, key), digest(Buffer.alloc(0)));
    const archive = randomBytes(1000);
    assert.equal((await uploader(artifacts, key, archive)(0, 1000)).kind, 'stored');
    assert.equal(await read(artifacts, key), digest(archive));
  });

  test(`${name}: names that could be paths are refused`, async () => {
    await using database = await make();
    const { artifacts } = await database.open();
    const announced = { size: 1, sha256: 'a'.repeat(64), offset: 0 };
    const bytes = () => pieces(Buffer.from('x'));
    await assert.rejects(async () => artifacts.upload({ jobId: '../x', attempt: 1 }, announced, bytes()), /is not/);
    await assert.rejects(async () => artifacts.open({ jobId: 'a/b', attempt: 1 }), /is not/);
    const traversal = { ...announced, sha256: `../../${'a'.repeat(58)}` };
    await assert.rejects(async () => artifacts.upload(newKey(), traversal, bytes()), /hexadecimal/);
    await assert.rejects(async () => artifacts.upload(newKey(), { ...announced, size: -1 }, bytes()), /number/);
  });
}

function uploader(artifacts: ArtifactStore, key: ArtifactKey, archive: Buffer) {
  return (from: number, to: number) =>
    artifacts.upload(
      key,
      { size: archive.length, sha256: digest(archive), offset: from },
      pieces(archive.subarray(from, to)),
    );
}

async function* pieces(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  for (let start = 0; start < bytes.length; start += 65_536) yield bytes.subarray(start, start + 65_536);
}

/** The digest of what is stored. */
async function read(artifacts: ArtifactStore, key: ArtifactKey): Promise<string | null> {
  const bytes = await artifacts.open(key);
  if (bytes === null) return null;
  const hash = createHash('sha256');
  for await (const piece of bytes) hash.update(piece);
  return hash.digest('hex');
}
