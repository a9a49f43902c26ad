import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '..');

test('the package that is built installs and runs on its own', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'xx-package-'));
  try {
    execFileSync(process.execPath, [join(root, 'scripts/build.ts'), '--into', join(folder, 'dist')], { stdio: 'pipe' });
    await writeFile(join(folder, 'package.json'), '{"private": true}');
    execFileSync('npm', ['install', '--offline', '--no-audit', '--no-fund', '--install-links', './dist'], {
      cwd: folder,
      stdio: 'pipe',
    });
    const xx = join(folder, 'node_modules/.bin/xx');
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
    assert.equal(execFileSync(xx, ['--version'], { encoding: 'utf8' }), `xx ${version}\n`);

    await writeFile(join(folder, '.gitlab-ci.yml'), 'job: {script: [echo]}\n');
    execFileSync(xx, ['check'], { cwd: folder, stdio: 'pipe' });
    const plan = execFileSync(xx, ['dry-run', '-o', 'json'], {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    assert.match(plan, /docker\.io\/library\/ubuntu:latest/);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
