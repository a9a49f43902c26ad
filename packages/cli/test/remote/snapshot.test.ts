import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { Connection } from '@xx-pipeline/client';
import { systemClock } from '@xx-pipeline/common';
import { runGit } from '@xx-pipeline/testing';
import { makeSnapshot, type Snapshot } from '../../src/remote/snapshot/make-snapshot.ts';
import { sendSnapshot } from '../../src/remote/snapshot/send-snapshot.ts';
import { RemoteRig } from './RemoteRig.ts';

const env = { PATH: process.env['PATH'] };
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** A tree with a state directory beside it. */
class TreeRig implements AsyncDisposable {
  readonly directory: string;
  readonly root: string;

  private constructor(directory: string) {
    this.directory = directory;
    this.root = join(directory, 'tree');
  }

  static async create(files: Readonly<Record<string, string>>): Promise<TreeRig> {
    const rig = new TreeRig(await mkdtemp(join(tmpdir(), 'xx-snapshot-')));
    for (const [path, text] of Object.entries(files)) await rig.write(path, text);
    return rig;
  }

  async write(path: string, text: string): Promise<void> {
    await mkdir(dirname(join(this.root, path)), { recursive: true });
    await writeFile(join(this.root, path), text);
  }

  async git(...args: readonly string[]): Promise<void> {
    await runGit(this.root, ...args);
  }

  /** As if the tree had not been touched for a while. */
  async age(snapshot: Snapshot): Promise<void> {
    for (const file of snapshot.files) if ('sha256' in file) await utimes(join(this.root, file.path), 1, 1);
  }

  snapshot(now: () => number = systemClock.now): Promise<Snapshot> {
    return makeSnapshot({
      root: this.root,
      isRepository: true,
      home: join(this.directory, 'home'),
      clock: { ...systemClock, now },
      call: { env },
      fresh: false,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }
}

const paths = ({ files }: Snapshot) => files.map((file) => file.path);

test('a snapshot has what git would commit, as it is in the tree now', async () => {
  await using rig = await TreeRig.create({
    '.gitignore': 'ignored/\n*.log\n',
    'kept.txt': 'old',
    'gone.txt': 'gone',
    'ignored/big.bin': 'x',
    'run.log': 'x',
  });
  await rig.git('init', '-q');
  await rig.git('add', '-A');
  await rig.write('kept.txt', 'new');
  await rig.write('sub/untracked.sh', '#!/bin/sh\n');
  await chmod(join(rig.root, 'sub/untracked.sh'), 0o755);
  await symlink('../kept.txt', join(rig.root, 'sub/link'));
  await rm(join(rig.root, 'gone.txt'));
  const { files } = await rig.snapshot();
  assert.deepEqual(files, [
    { path: '.gitignore', sha256: sha256('ignored/\n*.log\n'), size: 15, executable: false },
    { path: 'kept.txt', sha256: sha256('new'), size: 3, executable: false },
    { path: 'sub/link', link: '../kept.txt' },
    { path: 'sub/untracked.sh', sha256: sha256('#!/bin/sh\n'), size: 10, executable: true },
  ]);
});

test('repositories within the repository are part of it, their git folders and ignored files are not', async () => {
  await using rig = await TreeRig.create({ a: 'a', 'inner/b': 'b', 'inner/.gitignore': 'c\n', 'inner/c': 'c' });
  await rig.git('init', '-q');
  await rig.git('init', '-q', 'inner');
  assert.deepEqual(paths(await rig.snapshot()), ['a', 'inner/.gitignore', 'inner/b']);
});

test('files that cannot travel are named and left out', async () => {
  await using rig = await TreeRig.create({ a: 'a' });
  await rig.git('init', '-q');
  await writeFile(Buffer.concat([Buffer.from(`${rig.root}/bad-`), Buffer.from([0xff])]), 'x');
  const snapshot = await rig.snapshot();
  assert.deepEqual(paths(snapshot), ['a']);
  assert.match(snapshot.notes.join('\n'), /bad-.*not sent: the name is not valid UTF-8/);
});

test('unchanged files are not read a second time, changed ones are, whatever their size says', async () => {
  await using rig = await TreeRig.create({ a: 'one', b: 'two', c: 'three' });
  await rig.git('init', '-q');
  const later = () => systemClock.now() + 60_000;
  assert.equal((await rig.snapshot(later)).read, 3);
  assert.equal((await rig.snapshot(later)).read, 0);
  await rig.write('b', 'owt');
  const third = await rig.snapshot(later);
  assert.equal(third.read, 1);
  assert.ok(third.files.some((file) => 'sha256' in file && file.sha256 === sha256('owt')));
});

test('a file read within the grain of its time stamps is read again', async () => {
  await using rig = await TreeRig.create({ a: 'one' });
  await rig.git('init', '-q');
  const changed = (await stat(join(rig.root, 'a'))).ctimeMs;
  await rig.snapshot(() => changed + 1000);
  assert.equal((await rig.snapshot(() => changed + 1000)).read, 1);
});

test('a damaged memory of digests is forgotten', async () => {
  await using rig = await TreeRig.create({ a: 'one' });
  await rig.git('init', '-q');
  const later = () => systemClock.now() + 60_000;
  await rig.snapshot(later);
  const { readdir } = await import('node:fs/promises');
  const [name = ''] = await readdir(join(rig.directory, 'home', 'digests'));
  await writeFile(join(rig.directory, 'home', 'digests', name), '{"version":1,"files":[[');
  assert.equal((await rig.snapshot(later)).read, 1);
});

test('only contents the server lacks are sent, and the tree arrives as it was', async () => {
  await using rig = await RemoteRig.start({
    '.xx-pipeline.yml': 'stages: [a]\nimage: busybox\nhello: { stage: a, script: [print hello] }\n',
    'data/large.bin': 'x'.repeat(6 * 1024 * 1024),
    'data/small.txt': 'small',
  });
  const before = rig.proxy.received;
  assert.equal((await rig.run(['run', '--detach'])).exitCode, 0);
  const first = rig.proxy.received - before;
  assert.ok(first > 6 * 1024 * 1024);
  await rig.write({ 'data/small.txt': 'changed' });
  assert.equal((await rig.run(['run', '--detach'])).exitCode, 0);
  assert.ok(rig.proxy.received - before - first < 100_000, 'the unchanged file was sent again');
  const snapshot = await makeSnapshot({
    root: rig.repository,
    isRepository: true,
    home: join(rig.directory, 'home'),
    clock: systemClock,
    call: { env },
    fresh: true,
  });
  const { body } = await rig.client.api.offerSnapshot({ body: { files: [...snapshot.files] } });
  assert.deepEqual(body.missing, []);
  const archive = await rig.client.api.downloadSnapshot({ params: { sha256: body.id } });
  const chunks: Uint8Array[] = [];
  for await (const chunk of archive.body) chunks.push(chunk);
  assert.ok(Buffer.concat(chunks).includes('changed'));
  assert.equal(await readFile(join(rig.repository, 'data/small.txt'), 'utf8'), 'changed');
});

test('many short files travel in few requests, long ones alone', async () => {
  const small = Array.from({ length: 1500 }, (_, index) => [`src/${index % 7}/${index}.txt`, `file ${index}\n`]);
  await using rig = await RemoteRig.start({
    ...Object.fromEntries(small),
    '.xx-pipeline.yml': 'stages: [a]\nimage: busybox\nhello: { stage: a, script: [print hello] }\n',
    'large.bin': 'x'.repeat(100_000),
  });
  const { exitCode, stderr } = await rig.run(['run']);
  assert.equal(exitCode, 0, stderr);
  const uploads = rig.proxy.requests.filter((request) => request.includes('/api/blobs'));
  assert.equal(uploads.filter((request) => request.startsWith('PUT ')).length, 1);
  assert.ok(uploads.length < 5, `${uploads.length} requests`);
});

test('a short file that is written to while it is sent is taken again', async () => {
  await using rig = await RemoteRig.start({
    '.xx-pipeline.yml': 'stages: [a]\nimage: busybox\nhello: { stage: a, script: [print hello] }\n',
    'a.txt': 'old',
    'b.txt': 'stays',
  });
  const take = (fresh: boolean) =>
    makeSnapshot({
      root: rig.repository,
      isRepository: true,
      home: join(rig.directory, 'home'),
      clock: systemClock,
      call: { env },
      fresh,
    });
  const connection = new Connection({
    clock: systemClock,
    signal: AbortSignal.timeout(60_000),
    onNotice() {},
    budgetMs: 0,
  });
  const made: Snapshot[] = [];
  const sent = await sendSnapshot(
    async ({ fresh }) => {
      const snapshot = await take(fresh);
      if (made.length === 0) await rig.write({ 'a.txt': 'new' });
      made.push(snapshot);
      return snapshot;
    },
    rig.client,
    connection,
  );
  assert.equal(made.length, 2);
  const { body } = await rig.client.api.offerSnapshot({ body: { files: [...(await take(true)).files] } });
  assert.deepEqual(body, { id: sent.id, missing: [] });
});
