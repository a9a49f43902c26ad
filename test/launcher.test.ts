import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import {
  appendFile,
  chmod,
  chown,
  copyFile,
  link,
  mkdir,
  mkdtemp,
  readdir,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Finished, RunningProgram } from './rig/RunningProgram.ts';

const root = join(import.meta.dirname, '..');

/** A checkout that has its packages but is not built. */
class Checkout implements AsyncDisposable {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async make(): Promise<Checkout> {
    const base = await mkdtemp(join(tmpdir(), 'xx-checkout-'));
    await chmod(base, 0o755);
    const folder = join(base, 'checkout');
    await mkdir(folder);
    for (const name of [
      'xx',
      'scripts',
      'packages',
      'examples',
      'package.json',
      'package-lock.json',
      'LICENSE',
      'README.md',
    ]) {
      execFileSync('cp', ['-a', join(root, name), folder]);
    }
    // Links instead of copies: 200 MB of packages need not move.
    execFileSync('cp', ['-al', join(root, 'node_modules'), folder]);
    // With a Node that every user may run, wherever this one lies.
    await mkdir(join(folder, '.tools/some-node/bin'), { recursive: true });
    const node = join(folder, '.tools/some-node/bin/node');
    await link(process.execPath, node).catch(() => copyFile(process.execPath, node));
    await writeFile(join(folder, '.tools/node'), `${node}\n`);
    await writeFile(join(folder, '.tools/packages'), '');
    return new Checkout(folder);
  }

  start(command: readonly string[], env: Readonly<Record<string, string>> = {}, cwd = tmpdir()): Promise<Finished> {
    const [file = '', ...args] = command;
    return new RunningProgram(file, args, {
      cwd,
      env: { PATH: process.env['PATH'], HOME: this.folder, ...env },
    }).ended();
  }

  xx(...args: readonly string[]): Promise<Finished> {
    return this.start([join(this.folder, 'xx'), ...args]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(join(this.folder, '..'), { recursive: true, force: true });
  }
}

test('two first starts at once set up once, and both run', async () => {
  await using checkout = await Checkout.make();
  const [one, other] = await Promise.all([checkout.xx('--version'), checkout.xx('--version')]);
  for (const { code, stdout, stderr } of [one, other]) {
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^xx \d+\.\d+\.\d+\n$/);
  }
  assert.equal(`${one.stderr}${other.stderr}`.match(/xx: building/g)?.length, 1, one.stderr + other.stderr);
  assert.deepEqual(
    (await readdir(join(checkout.folder, '.tools'))).filter((name) => name.startsWith('lock')),
    [],
  );

  await linksAndFolders(checkout);
  await rebuilds(checkout);
});

async function linksAndFolders(checkout: Checkout): Promise<void> {
  await symlink(join(checkout.folder, 'xx'), join(checkout.folder, 'absolute'));
  await mkdir(join(checkout.folder, 'bin'));
  await symlink('../absolute', join(checkout.folder, 'bin/relative'));
  for (const command of [
    ['./bin/relative'],
    ['sh', 'bin/relative'],
    ['sh', 'xx'],
    [join(checkout.folder, 'absolute')],
  ]) {
    const { code, stdout, stderr } = await checkout.start([...command, '--version'], {}, checkout.folder);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^xx /);
    assert.equal(stderr, '', 'quiet when nothing is to do');
  }
}

async function rebuilds(checkout: Checkout): Promise<void> {
  await appendFile(join(checkout.folder, 'packages/cli/src/version.ts'), '\n// edited\n');
  assert.equal((await checkout.xx('--version')).stderr, 'xx: building\n');
  assert.equal((await checkout.xx('--version')).stderr, '');
}

test('a lock whose owner has died is taken over', async () => {
  await using checkout = await Checkout.make();
  const dead = await checkout.start(['sh', '-c', 'echo $$']);
  await mkdir(join(checkout.folder, '.tools/lock'));
  await writeFile(join(checkout.folder, '.tools/lock/owner'), dead.stdout);
  const results = await Promise.all([checkout.xx('--version'), checkout.xx('--version')]);
  for (const { code, stderr } of results) assert.equal(code, 0, stderr);
  assert.equal(
    results
      .map(({ stderr }) => stderr)
      .join('')
      .match(/xx: building/g)?.length,
    1,
  );
  assert.ok(!existsSync(join(checkout.folder, '.tools/lock')));
});

test('a Node that is too old and no npm: one message that says what is missing', async () => {
  await using checkout = await Checkout.make();
  await rm(join(checkout.folder, '.tools/node'));
  const bin = join(checkout.folder, 'bin');
  await mkdir(bin);
  for (const name of ['sh', 'mkdir', 'rm', 'uname', 'head', 'find', 'sed', 'mv', 'sleep', 'readlink']) {
    await symlink(execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim(), join(bin, name));
  }
  await writeFile(join(bin, 'node'), '#!/bin/sh\n[ "$1" = --version ] && echo v20.1.0 && exit\nexit 1\n', {
    mode: 0o755,
  });
  const { code, stdout, stderr } = await checkout.start([join(checkout.folder, 'xx'), '--version'], { PATH: bin });
  assert.equal(code, 3, stderr);
  assert.equal(stdout, '');
  assert.match(stderr, /^xx: Node 24\.15 or newer is needed \(found v20\.1\.0\), and npm.* is not installed\.\n/);
  assert.match(stderr, /apt-get install npm/);
});

test('a build that fails is told, and tried again', async () => {
  await using checkout = await Checkout.make();
  const broken = join(checkout.folder, 'packages/cli/src/version.ts');
  await writeFile(broken, 'export const version = ;\n');
  const failed = await checkout.xx('--version');
  assert.equal(failed.code, 3, failed.stderr);
  assert.match(failed.stderr, /version\.ts/);
  await writeFile(broken, "export const version = '9.9.9';\n");
  assert.equal((await checkout.xx('--version')).stdout, 'xx 9.9.9\n');
});

test('an ordinary user may use a checkout of root that is built, and is told if it is not', async () => {
  await using checkout = await Checkout.make();
  const isRoot = process.getuid?.() === 0;
  // Another user if there can be one, else this one without the permission to write.
  const command = isRoot ? ['setpriv', '--reuid=65534', '--clear-groups'] : [];
  const close = async (): Promise<void> => {
    for (const folder of [checkout.folder, join(checkout.folder, '.tools')]) {
      if (isRoot) await chown(folder, 0, 0);
      else await chmod(folder, 0o555);
    }
  };
  const open = async (): Promise<void> => {
    for (const folder of [checkout.folder, join(checkout.folder, '.tools')]) await chmod(folder, 0o755);
  };
  await close();
  const before = await checkout.start([...command, join(checkout.folder, 'xx'), '--version']);
  assert.equal(before.code, 3, before.stderr);
  assert.match(before.stderr, /not set up, and you have no write access to it/);

  await open();
  assert.equal((await checkout.xx('--version')).code, 0);
  await close();
  const after = await checkout.start([...command, join(checkout.folder, 'xx'), '--version']);
  assert.equal(after.code, 0, after.stderr);
  assert.equal(after.stderr, '');
  await open();
});
