import assert from 'node:assert/strict';
import { lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { zstdCompressSync } from 'node:zlib';
import { packTar, type TarEntry } from 'modern-tar';
import { unpackArchive } from '../../src/remote/artifacts/unpack-archive.ts';
import { RemoteRig } from './RemoteRig.ts';

/** Unpacks made-up entries in a directory with something outside of it to aim at. */
class UnpackRig implements AsyncDisposable {
  readonly directory: string;
  readonly target: string;
  readonly warnings: string[] = [];

  private constructor(directory: string) {
    this.directory = directory;
    this.target = join(directory, 'target');
  }

  static async create(): Promise<UnpackRig> {
    const rig = new UnpackRig(await mkdtemp(join(tmpdir(), 'xx-unpack-')));
    await mkdir(join(rig.directory, 'outside'));
    await writeFile(join(rig.directory, 'outside', 'victim'), 'untouched');
    await mkdir(rig.target);
    return rig;
  }

  async unpack(entries: TarEntry[]): Promise<number> {
    return await this.unpackTar(await packTar(entries));
  }

  async unpackTar(tar: Uint8Array): Promise<number> {
    const archive = join(this.directory, 'archive');
    await writeFile(archive, zstdCompressSync(tar));
    const signal = new AbortController().signal;
    return await unpackArchive(archive, this.target, { warn: (text) => void this.warnings.push(text), signal });
  }

  async assertNothingOutside(): Promise<void> {
    assert.deepEqual(await readdir(join(this.directory, 'outside')), ['victim']);
    assert.equal(await readFile(join(this.directory, 'outside', 'victim'), 'utf8'), 'untouched');
    assert.deepEqual((await readdir(this.directory)).sort(), ['archive', 'outside', 'target']);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }
}

const file = (name: string, text = 'evil'): TarEntry => ({
  header: { name, size: Buffer.byteLength(text), type: 'file', mode: 0o644 },
  body: text,
});
const linkTo = (name: string, linkname: string, type: 'symlink' | 'link' = 'symlink'): TarEntry => ({
  header: { name, size: 0, type, linkname },
});

test('files, directories and links within the archive come out as they went in', async () => {
  await using rig = await UnpackRig.create();
  const count = await rig.unpack([
    { header: { name: './out/', size: 0, type: 'directory' } },
    file('./out/a.txt', 'hello'),
    { header: { name: 'bin/tool', size: 2, type: 'file', mode: 0o755 }, body: '#!' },
    linkTo('bin/alias', '../out/a.txt'),
    linkTo('out/b.txt', 'out/a.txt', 'link'),
  ]);
  assert.equal(count, 4);
  assert.deepEqual(rig.warnings, []);
  assert.equal(await readFile(join(rig.target, 'bin/alias'), 'utf8'), 'hello');
  assert.equal(await readFile(join(rig.target, 'out/b.txt'), 'utf8'), 'hello');
  assert.ok(((await lstat(join(rig.target, 'bin/tool'))).mode & 0o100) !== 0);
});

test('a name that the file system cannot hold is left out, and the rest is written', async () => {
  await using rig = await UnpackRig.create();
  const long = 'x'.repeat(300);
  const entries = [
    file(long),
    file(`${long}/a`),
    file('d/before'),
    linkTo(`d/${long}`, 'before'),
    file('after', 'fine'),
  ];
  assert.equal(await rig.unpack(entries), 2);
  assert.equal(rig.warnings.length, 3);
  for (const warning of rig.warnings) assert.match(warning, /its name is too long for this file system$/);
  assert.equal(await readFile(join(rig.target, 'after'), 'utf8'), 'fine');
});

test('an archive that is larger than a job may keep is refused before anything of it is written', async () => {
  await using rig = await UnpackRig.create();
  const tar = Buffer.from(await packTar([file('bomb', '')]));
  tar[124] = 0x80;
  tar.fill(0, 125, 128);
  tar.writeBigUInt64BE(11n * 2n ** 30n, 128);
  tar.fill(' ', 148, 156);
  const sum = tar.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  tar.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  await assert.rejects(rig.unpackTar(tar), /the archive is too large to unpack/);
  assert.deepEqual(await readdir(rig.target), []);
});

for (const [what, entries] of [
  ['a path with dots', [file('../outside/victim'), file('a/../../outside/victim')]],
  ['an absolute path', [file('/tmp/xx-evil')]],
  ['a link out of the directory', [linkTo('way', '../outside'), file('way/victim')]],
  ['an absolute link', [linkTo('way', '/'), file('way/tmp/xx-evil')]],
  ['a link that turns around behind another', [linkTo('d/e/x', '../..'), linkTo('d/e/y', 'x/../../outside')]],
  ['a hard link to something outside', [linkTo('way', '../outside/victim', 'link')]],
  ['a hard link through a symbolic one', [linkTo('d', '.'), linkTo('way', 'd/../../outside/victim', 'link')]],
  ['a file where a link was', [linkTo('way', '../outside/victim'), file('way')]],
] as const) {
  test(`an archive with ${what} writes nothing outside`, async () => {
    await using rig = await UnpackRig.create();
    await rig.unpack([...entries]);
    await rig.assertNothingOutside();
    for (const name of await readdir(rig.target, { recursive: true })) {
      const path = join(rig.target, name);
      if ((await lstat(path)).isSymbolicLink()) await assert.rejects(readFile(join(path, 'victim')));
    }
  });
}

test('links that are in the directory already are not written through', async () => {
  await using rig = await UnpackRig.create();
  await symlink('../outside', join(rig.target, 'way'));
  await symlink('../outside/victim', join(rig.target, 'file'));
  await rig.unpack([file('way/victim'), file('file', 'new')]);
  await rig.assertNothingOutside();
  assert.match(rig.warnings.join('\n'), /behind way/);
  assert.equal(await readFile(join(rig.target, 'file'), 'utf8'), 'new');
});

test('devices are left out, damaged archives are one message', async () => {
  await using rig = await UnpackRig.create();
  await rig.unpack([{ header: { name: 'dev', size: 0, type: 'character-device' } }, file('ok', 'fine')]);
  assert.deepEqual(await readdir(rig.target), ['ok']);
  await writeFile(join(rig.directory, 'archive'), 'no zstd at all');
  const signal = new AbortController().signal;
  await assert.rejects(
    unpackArchive(join(rig.directory, 'archive'), rig.target, { warn: () => {}, signal }),
    /the archive cannot be unpacked/,
  );
});

test('artifacts of a run are listed and downloaded, each job in a directory that its name cannot lead out of', async () => {
  await using rig = await RemoteRig.start({
    '.xx-pipeline.yml': `
stages: [a]
image: busybox
"x/../../../etc/passwd":
  stage: a
  script: [write out/evil.txt one]
  artifacts: { paths: [out] }
build:
  stage: a
  script: [write out/app.txt two]
  artifacts: { paths: [out], name: "all of it" }
`,
  });
  assert.equal((await rig.run(['run', '-o', 'json'])).exitCode, 0);
  const list = await rig.run(['artifacts', '1']);
  assert.match(list.stdout, /build +all of it +\d+ B +[0-9a-f]{64}/);
  const down = join(rig.directory, 'down');
  const all = await rig.run(['artifacts', '--download', down]);
  assert.equal(all.exitCode, 0, all.stderr);
  const found = (await readdir(down, { recursive: true })).filter((name) => name.endsWith('.txt')).sort();
  assert.deepEqual(found, ['build/out/app.txt', 'x-etc-passwd/out/evil.txt']);
  const one = await rig.run(['artifacts', 'demo#1', 'build', '--download', join(rig.directory, 'one'), '-o', 'json']);
  assert.deepEqual(JSON.parse(one.stdout), [{ job: 'build', path: join(rig.directory, 'one'), files: 1 }]);
  assert.equal(await readFile(join(rig.directory, 'one', 'out', 'app.txt'), 'utf8'), 'two');
  await rig.run(['artifacts', '1', 'build', '--download', join(rig.directory, 'kept'), '--archives']);
  assert.deepEqual(await readdir(join(rig.directory, 'kept')), ['build.tar.zst']);
});
