import assert from 'node:assert/strict';
import { test } from 'node:test';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { ArtifactRequest } from '@xx-pipeline/common';
import { packTar, type TarHeader, unpackTar } from 'modern-tar';
import { type ArtifactLimits, keepArtifacts } from '../../src/execution/artifacts/ArtifactCollector.ts';
import { restoreArtifacts } from '../../src/execution/artifacts/restore-artifacts.ts';
import { ExecutionBroken, type JobContainer } from '../../src/execution/index.ts';
import { MemoryArtifacts } from './JobRig.ts';

type Entry = readonly [name: string, header?: Partial<TarHeader>, body?: string];

const tarOf = (entries: readonly Entry[]) =>
  packTar(
    entries.map(([name, header, body = name]) => {
      const bodyless = header?.type !== undefined && header.type !== 'file';
      return {
        header: { name, size: bodyless ? 0 : Buffer.byteLength(body), ...header },
        ...(bodyless ? {} : { body }),
      };
    }),
  );

const limits: ArtifactLimits = { bytes: 1_000_000, files: 1000 };

/** A container that has nothing but a workspace; a tar of it holds the entries as they are given. */
class FakeContainer implements JobContainer {
  async pause(): Promise<void> {}

  async unpause(): Promise<void> {}

  readonly #entries: readonly Entry[];
  readonly #canList: boolean;
  readonly fetched: string[] = [];
  put: { header: TarHeader; data?: Uint8Array }[] = [];

  constructor(entries: readonly Entry[], canList = true) {
    this.#entries = entries;
    this.#canList = canList;
  }

  async getFiles(path: string) {
    this.fetched.push(path);
    const chosen = this.#entries.filter(([name]) => path === '.' || name === path || name.startsWith(`${path}/`));
    if (chosen.length === 0) return null;
    // As engines do: a file fetched alone is never a hard link.
    const alone = chosen.length === 1 && chosen[0]?.[1]?.type === 'link';
    return stream(await tarOf(alone ? [[path, {}, 'linked']] : chosen));
  }

  async listFiles(under: string) {
    if (!this.#canList) return null;
    const names = this.#entries.filter(([, header]) => header?.type !== 'directory').map(([name]) => name);
    return names.filter((name) => under === '.' || name.startsWith(`${under}/`));
  }

  async putFiles(tar: AsyncIterable<Uint8Array>) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of tar) chunks.push(chunk);
    this.put.push(...(await unpackTar(Buffer.concat(chunks))));
  }

  async run(): Promise<never> {
    throw new Error('not here');
  }
  async interrupt() {}
  async remove() {}
}

async function* stream(bytes: Uint8Array, size = 700): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}

/** Keeps files and tells what is in the archive then. */
async function keep(
  container: JobContainer,
  request: Partial<ArtifactRequest>,
  more: { limits?: ArtifactLimits } = {},
) {
  const artifacts = new MemoryArtifacts();
  const warnings: string[] = [];
  const refs = await keepArtifacts({ name: 'kept', paths: [], exclude: [], when: 'always', ...request }, container, {
    owner: { jobId: 'job', attempt: 1, name: 'kept' },
    artifacts,
    limits,
    warn: (message) => void warnings.push(message),
    signal: new AbortController().signal,
    ...more,
  });
  const archive = artifacts.stored.get('job');
  const entries = archive === undefined ? [] : await unpackTar(zstdDecompressSync(archive), { strict: true });
  return { refs, warnings, entries, names: entries.map((entry) => entry.header.name) };
}

const tree: readonly Entry[] = [
  ['out/', { type: 'directory', mode: 0o750 }],
  ['out/a.txt', { mode: 0o755 }],
  ['out/.hidden'],
  ['out/deep/b.txt'],
  ['out/deep/c.log'],
  ['out/link', { type: 'symlink', linkname: '../elsewhere' }],
  ['src/a.txt'],
  ['.env'],
  ['[x].txt'],
];

const cases: readonly (readonly [paths: string[], exclude: string[], expected: string[]])[] = [
  [['out'], [], ['out/', 'out/.hidden', 'out/a.txt', 'out/deep/b.txt', 'out/deep/c.log', 'out/link']],
  [['./out/'], [], ['out/', 'out/.hidden', 'out/a.txt', 'out/deep/b.txt', 'out/deep/c.log', 'out/link']],
  [['/workspace/out/a.txt'], [], ['out/a.txt']],
  [['out/*'], [], ['out/.hidden', 'out/a.txt', 'out/deep/b.txt', 'out/deep/c.log', 'out/link']],
  [['out/*.txt'], [], ['out/a.txt']],
  [['**/*.txt'], [], ['[x].txt', 'out/a.txt', 'out/deep/b.txt', 'src/a.txt']],
  [['**/a.txt', 'out/a.txt'], [], ['out/a.txt', 'src/a.txt']],
  [['*/a.txt'], ['src/*'], ['out/a.txt']],
  [['{out,src}/?.txt'], [], ['out/a.txt', 'src/a.txt']],
  [['out/[ab].txt'], [], ['out/a.txt']],
  [['out/d*'], ['**/*.log'], ['out/deep/b.txt']],
  [['out'], ['out/deep/**/*'], ['out/', 'out/.hidden', 'out/a.txt', 'out/link']],
  [
    ['*'],
    [],
    [
      '.env',
      '[x].txt',
      'out/',
      'out/.hidden',
      'out/a.txt',
      'out/deep/b.txt',
      'out/deep/c.log',
      'out/link',
      'src/a.txt',
    ],
  ],
];

for (const [paths, exclude, expected] of cases) {
  test(`paths ${JSON.stringify(paths)}${exclude.length > 0 ? ` without ${JSON.stringify(exclude)}` : ''} keep what they say`, async () => {
    const listed = await keep(new FakeContainer(tree), { paths, exclude });
    const unlisted = await keep(new FakeContainer(tree, false), { paths, exclude });
    // Where files are listed, a directory of which only its content is matched need not be there itself.
    const expectedFiles = expected.filter((name) => !name.endsWith('/'));
    assert.deepEqual(listed.names.filter((name) => !name.endsWith('/')).sort(), expectedFiles);
    assert.deepEqual(unlisted.names.sort(), expected);
    assert.deepEqual(listed.warnings, []);
  });
}

test('modes and links are kept, owners are not', async () => {
  const { entries } = await keep(new FakeContainer([...tree, ['out/z', { uid: 1000, uname: 'me', mode: 0o600 }]]), {
    paths: ['out'],
  });
  const header = (name: string) => entries.find((entry) => entry.header.name === name)?.header;
  assert.equal(header('out/')?.mode, 0o750);
  assert.equal(header('out/a.txt')?.mode, 0o755);
  assert.deepEqual([header('out/link')?.type, header('out/link')?.linkname], ['symlink', '../elsewhere']);
  assert.deepEqual([header('out/z')?.uid, header('out/z')?.uname], [0, '']);
});

test('few files are fetched one by one, many with their directory, nothing twice', async () => {
  const few = new FakeContainer(tree);
  await keep(few, { paths: ['**/*.txt', 'src', 'src/a.txt'] });
  assert.deepEqual(few.fetched.sort(), ['[x].txt', 'out/a.txt', 'out/deep/b.txt', 'src']);
  const many = new FakeContainer(Array.from({ length: 50 }, (_, index): Entry => [`a/b/${index}.o`]));
  const { names } = await keep(many, { paths: ['**/*.o'] });
  assert.deepEqual(many.fetched, ['a/b']);
  assert.equal(names.length, 50);
});

test('a pattern that matches nothing is warned about, and so is having nothing at all', async () => {
  const some = await keep(new FakeContainer(tree), { paths: ['none/*.zip', 'src'] });
  assert.deepEqual(some.warnings, ['artifacts: no files match "none/*.zip"']);
  assert.equal(some.refs.length, 1);
  const nothing = await keep(new FakeContainer(tree), { paths: ['none'] });
  assert.deepEqual(nothing.warnings, ['artifacts: no files match "none"', 'artifacts: no files to upload']);
  assert.deepEqual(nothing.refs, []);
});

test('patterns that lead out of the workspace or are monsters are ignored with a warning', async () => {
  const paths = ['/etc/passwd', '../x', 'a/../../x', '{a,..}/x', 'x'.repeat(300), '{a,b}'.repeat(9), ''];
  const { warnings } = await keep(new FakeContainer(tree), { paths: [...paths, 'src'] });
  assert.equal(warnings.length, paths.length);
  for (const warning of warnings) assert.match(warning, /^artifacts: ignoring ".*": it /);
});

test('hard links are kept with their file, and become files without it', async () => {
  const linked: readonly Entry[] = [['d/a'], ['d/b', { type: 'link', linkname: 'd/a' }]];
  const both = await keep(new FakeContainer(linked), { paths: ['d'] });
  assert.deepEqual(
    both.entries.map((entry) => entry.header.type),
    ['file', 'link'],
  );
  const alone = await keep(new FakeContainer(linked, false), { paths: ['d/b*'] });
  assert.deepEqual(
    alone.entries.map((entry) => [entry.header.type, Buffer.from(entry.data ?? []).toString()]),
    [['file', 'linked']],
  );
});

test('pipes and devices are left out with a warning', async () => {
  const { names, warnings } = await keep(new FakeContainer([['d/p', { type: 'fifo' }], ['d/f']]), { paths: ['d'] });
  assert.deepEqual(names, ['d/f']);
  assert.deepEqual(warnings, ['artifacts: ignoring "d/p": it is a fifo']);
});

test('artifacts beyond the limits are refused in words', async () => {
  const container = new FakeContainer(tree);
  await assert.rejects(
    keep(container, { paths: ['out'] }, { limits: { bytes: 10, files: 1000 } }),
    /larger than the limit of 10 B/,
  );
  await assert.rejects(keep(container, { paths: ['out'] }, { limits: { bytes: 1000, files: 2 } }), /more than 2 files/);
});

test('files that are left out are not read without bound', async () => {
  const container = (canList: boolean) =>
    new FakeContainer([['keep/small'], ['sparse', {}, 'x'.repeat(2000)]], canList);
  const small = { limits: { bytes: 1000, files: 1000 } };
  await assert.rejects(keep(container(false), { paths: ['*'], exclude: ['sparse'] }, small), {
    message: 'artifacts: more than 1000 B of files that are not kept lie among those that are (last: "sparse")',
  });
  const listed = container(true);
  const { names, warnings } = await keep(listed, { paths: ['*', 'sp*'], exclude: ['sparse'] }, small);
  assert.deepEqual([names, warnings, listed.fetched], [['keep/small'], [], ['keep/small']]);
});

test('a file larger than any buffer arrives whole', async () => {
  const body = 'abcdefgh'.repeat(500_000);
  const container = new FakeContainer([['big', {}, body]]);
  const { entries } = await keep(container, { paths: ['big'] }, { limits: { bytes: 10_000_000, files: 10 } });
  assert.ok(Buffer.from(entries[0]?.data ?? []).equals(Buffer.from(body)));
});

/** Restores archives of jobs named 0, 1, … and tells what reached the workspace. */
async function restore(
  archives: readonly (readonly Entry[] | Uint8Array)[],
  some: Partial<ArtifactLimits> = {},
  container = new FakeContainer([]),
) {
  const artifacts = new MemoryArtifacts();
  for (const [index, archive] of archives.entries()) {
    const bytes = archive instanceof Uint8Array ? archive : zstdCompressSync(await tarOf(archive));
    artifacts.stored.set(String(index), Buffer.from(bytes));
  }
  const warnings: string[] = [];
  const needs = archives.map((_, index) => ({ jobId: String(index), jobName: `job ${index}`, artifacts: true }));
  await restoreArtifacts([...needs, { jobId: 'none', jobName: 'none', artifacts: true }], container, {
    artifacts,
    readerId: 'reader',
    limits: { ...limits, ...some },
    warn: (message) => void warnings.push(message),
    signal: new AbortController().signal,
  });
  return { names: container.put.map((entry) => entry.header.name), warnings, put: container.put };
}

test('archives are unpacked in the order of the needs', async () => {
  const { names, warnings } = await restore([
    [['a'], ['b']],
    [['a'], ['c/', { type: 'directory' }]],
  ]);
  assert.deepEqual(names, ['a', 'b', 'a', 'c/']);
  assert.deepEqual(warnings, []);
});

test('nothing of a hostile archive leaves the workspace', async () => {
  const { names, warnings } = await restore([
    [
      ['good'],
      ['/etc/passwd'],
      ['../up'],
      ['a/../../up'],
      ['way', { type: 'symlink', linkname: '/etc' }],
      ['deep/up', { type: 'symlink', linkname: '../../bin/sh' }],
      ['deep/beside', { type: 'symlink', linkname: '../good' }],
      ['way/passwd'],
      ['hard', { type: 'link', linkname: '/etc/shadow' }],
      ['soft', { type: 'link', linkname: 'way' }],
      ['fine', { type: 'link', linkname: './good' }],
      ['pipe', { type: 'fifo' }],
    ],
    [['way/later']],
    [['way/', { type: 'directory' }], ['way/now']],
  ]);
  assert.deepEqual(names, ['good', 'way', 'deep/beside', 'fine', 'way/', 'way/now']);
  assert.equal(warnings.length, 9);
  for (const warning of warnings) assert.match(warning, /^artifacts of job \d: leaving out "/);
});

test('a damaged or oversized archive is a failure of the machinery that names the job', async () => {
  await assert.rejects(restore([Buffer.from('no archive at all')]), {
    name: 'ExecutionBroken',
    message: /artifacts of job 0/,
  });
  const whole = zstdCompressSync(await tarOf([['a', {}, 'x'.repeat(5000)]]));
  await assert.rejects(restore([whole.subarray(0, whole.length - 5)]), { name: 'ExecutionBroken' });
  const cut = (await tarOf([['a', {}, 'x'.repeat(5000)]])).subarray(0, 2000);
  await assert.rejects(restore([zstdCompressSync(cut)]), { name: 'ExecutionBroken' });
  const engine = new FakeContainer([]);
  engine.putFiles = async (tar) => {
    try {
      for await (const _ of tar);
    } catch (error) {
      throw new ExecutionBroken('the connection to the engine broke', { cause: error });
    }
  };
  await assert.rejects(
    restore([zstdCompressSync(cut)], {}, engine),
    /cannot unpack the artifacts of job 0: .*truncated/,
  );
  await assert.rejects(restore([[['a'], ['b']]], { bytes: 1 }), /artifacts of job 0 are larger than 1 B/);
  await assert.rejects(restore([[['a'], ['b']]], { files: 1 }), /artifacts of job 0 have more than 1 files/);
});
