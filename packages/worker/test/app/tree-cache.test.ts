import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { NodeTransport } from '@xx-pipeline/service/http';
import { packTar } from 'modern-tar';
import { TreeCache } from '../../src/app/sources/TreeCache.ts';
import { WorkerBackendClient } from '../../src/app/WorkerBackendClient.ts';
import { TestBackend } from './TestBackend.ts';

type Entry = { path: string; text: string; executable?: boolean } | { path: string; link: string };

const sha256 = (data: string) => createHash('sha256').update(data).digest('hex');

/** The id of a tree as the API defines it: the digest of its files' JSON, sorted by path. */
function idOf(entries: readonly Entry[]): string {
  const files = entries.map((entry) =>
    'link' in entry
      ? { path: entry.path, link: entry.link }
      : {
          path: entry.path,
          sha256: sha256(entry.text),
          size: Buffer.byteLength(entry.text),
          executable: entry.executable === true,
        },
  );
  return sha256(JSON.stringify(files.sort((a, b) => (a.path < b.path ? -1 : 1))));
}

function archiveOf(entries: readonly Entry[]): Promise<Uint8Array> {
  return packTar(
    entries.map((entry) =>
      'link' in entry
        ? { header: { name: entry.path, type: 'symlink', size: 0, linkname: entry.link } }
        : {
            header: { name: entry.path, size: Buffer.byteLength(entry.text), mode: entry.executable ? 0o755 : 0o644 },
            body: entry.text,
          },
    ),
  );
}

class CacheRig implements AsyncDisposable {
  readonly backend: TestBackend;
  readonly directory: string;
  readonly #transport: NodeTransport;

  private constructor(backend: TestBackend, directory: string) {
    this.backend = backend;
    this.directory = directory;
    this.#transport = new NodeTransport({ baseUrl: backend.url });
  }

  static async make(): Promise<CacheRig> {
    return new CacheRig(await TestBackend.start(), await mkdtemp(join(tmpdir(), 'xx-trees-')));
  }

  cache(limit = 1e9, protocols = ['file']): TreeCache {
    const client = new WorkerBackendClient({ transport: this.#transport, token: this.backend.workerToken });
    return new TreeCache({
      directory: join(this.directory, 'trees'),
      limit,
      client,
      git: { protocols, env: process.env },
    });
  }

  async snapshot(entries: readonly Entry[], id = idOf(entries)): Promise<string> {
    this.backend.snapshots.set(id, Buffer.from(await archiveOf(entries)));
    return `snapshot:${id}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#transport.close();
    await this.backend[Symbol.asyncDispose]();
    await rm(this.directory, { recursive: true, force: true });
  }
}

const never = new AbortController().signal;

test('a snapshot is laid out with its links and modes, and fetched once for all who want it at once', async () => {
  await using rig = await CacheRig.make();
  const key = await rig.snapshot([
    { path: 'a/b.sh', text: 'run', executable: true },
    { path: 'a/to-c', link: '../c' },
    { path: 'c', text: '' },
  ]);
  const cache = rig.cache();
  const [lease] = await Promise.all([1, 2, 3].map(() => cache.lease(key, never)));
  assert.ok(lease);
  assert.equal(lease.path, cache.pathOf(key));
  assert.equal(await readFile(join(lease.path, 'a/b.sh'), 'utf8'), 'run');
  assert.equal((await stat(join(lease.path, 'a/b.sh'))).mode & 0o777, 0o755);
  assert.equal(await readFile(join(lease.path, 'a/to-c'), 'utf8'), '');
  await rig.cache().lease(key, never);
  assert.equal(rig.backend.snapshotDownloads, 1);
});

test('an archive that holds another tree than its id says is refused and nothing of it is kept', async () => {
  await using rig = await CacheRig.make();
  const id = idOf([{ path: 'a', text: 'good' }]);
  const others: Entry[][] = [
    [{ path: 'a', text: 'evil' }],
    [{ path: 'a', text: 'good', executable: true }],
    [
      { path: 'a', text: 'good' },
      { path: 'b', text: '' },
    ],
    [],
    [{ path: '../a', text: 'good' }],
    [{ path: '/tmp/a', text: 'good' }],
    [
      { path: 'a', link: '/etc' },
      { path: 'a/passwd', text: 'x' },
    ],
  ];
  for (const other of others) {
    const key = await rig.snapshot(other, id);
    await assert.rejects(rig.cache().lease(key, never), { message: /the archive/ }, JSON.stringify(other));
  }
  assert.deepEqual(await readdir(join(rig.directory, 'trees')), []);
  assert.ok(!existsSync(join(rig.directory, 'a')));
});

test('trees that nobody uses go when there is no room, the longest unused first', async () => {
  await using rig = await CacheRig.make();
  const cache = rig.cache(2500);
  const keys = await Promise.all(
    ['1', '2', '3'].map((name) => rig.snapshot([{ path: name, text: name.repeat(1000) }])),
  );
  const [first, second, third] = keys;
  assert.ok(first && second && third);
  const held = await cache.lease(first, never);
  (await cache.lease(second, never)).release();
  (await cache.lease(third, never)).release();
  assert.deepEqual(
    keys.map((key) => existsSync(cache.pathOf(key))),
    [true, false, true],
  );
  held.release();
});

test('a fetch that nobody waits for any more stops', async () => {
  await using rig = await CacheRig.make();
  const key = await rig.snapshot([{ path: 'a', text: 'x'.repeat(1e6) }]);
  const stop = new AbortController();
  const leasing = rig.cache().lease(key, stop.signal);
  stop.abort(new Error('canceled'));
  await assert.rejects(leasing, /canceled/);
  assert.ok((await rig.cache().lease(key, never)).path);
});

test('a commit is checked out by git, one that is no branch tip too; files of the worker itself are not to be had', async () => {
  await using rig = await CacheRig.make();
  const repository = join(rig.directory, 'repo');
  await mkdir(repository);
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...args], { cwd: repository })
      .toString()
      .trim();
  git('init', '--quiet', '.');
  const commits: string[] = [];
  for (const text of ['one', 'two']) {
    await writeFile(join(repository, 'file'), text);
    git('add', '.');
    git('commit', '--quiet', '-m', text);
    commits.push(git('rev-parse', 'HEAD'));
  }
  const url = pathToFileURL(repository).href;
  const cache = rig.cache();
  for (const [index, text] of ['one', 'two'].entries()) {
    const { path } = await cache.lease(`git:${url}#${commits[index]}`, never);
    assert.equal(await readFile(join(path, 'file'), 'utf8'), text);
  }
  const missing = `git:${url}#${'0'.repeat(40)}`;
  await assert.rejects(cache.lease(missing, never), { name: 'ExecutionBroken', message: /^cannot / });
  await rm(join(rig.directory, 'trees'), { recursive: true });
  const strict = rig.cache(1e9, ['https']);
  await assert.rejects(strict.lease(`git:${url}#${commits[0]}`, never), /cannot fetch .*not allowed/);
  await assert.rejects(strict.lease(`git:--upload-pack=touch x#${commits[0]}`, never), /cannot fetch/);
  await assert.rejects(strict.lease('elsewhere:x', never), /knows no tree/);
});
