import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { installPackage } from '../scripts/testing/install-package.ts';

const root = join(import.meta.dirname, '..');

test('the package that is built installs and runs on its own', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'xx-package-'));
  try {
    const { command: xx, folder: installed } = await installPackage(folder);
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

    const programs = programsIn(installed);
    assert.deepEqual(
      programs.map((path) => /([\w-]+)-[\w-]{8}\.js$/.exec(path)?.[1]),
      ['guard-containers'],
    );
    for (const program of programs) {
      assert.ok(existsSync(program), `${program} is started by the bundle and missing from the package`);
      // With no lease and no lock there is nothing to guard: it loads, and ends with exit code 0.
      const places = { lease: 'none', lock: 'none', guardian: 'guardian', records: 'none', engine: null };
      execFileSync(process.execPath, [program, JSON.stringify(places)], { cwd: folder, stdio: 'pipe' });
    }
    assert.ok(existsSync(join(installed, 'examples/quickstart/.xx-pipeline.yml')));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

/** Files that the bundle starts as processes of their own. */
function programsIn(dist: string): string[] {
  return globSync(['*.js', 'chunks/*.js'], { cwd: dist }).flatMap((name) => {
    const urls = readFileSync(join(dist, name), 'utf8').matchAll(
      /new URL\([`'"]([^`'"]+)[`'"],\s*import\.meta\.url\)/g,
    );
    return [...urls].map(([, path = '']) => join(dist, dirname(name), path));
  });
}

test('sources name files that are there at run time only in ways the bundle follows', () => {
  // A program: `new URL('./program.ts', import.meta.url)`, built by scripts/building/separate-programs.ts. The example
  // is searched for in every folder above, and is in the package (tested above).
  const program = /new URL\('\.\/[\w/-]+\.ts', import\.meta\.url\)/g;
  const others = globSync('packages/*/src/**/*.ts', { cwd: root }).filter((path) =>
    readFileSync(join(root, path), 'utf8').replaceAll(program, '').includes('import.meta.'),
  );
  assert.deepEqual(others, ['packages/cli/src/setup/make-demo-repository.ts']);
});
