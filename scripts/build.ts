// Bundles the command line into dist/, which is also the package one can install (`npm install -g ./dist`).
//   --keep-old-chunks  leaves the chunks of the build before, for processes that still run from them
//   --into FOLDER      builds somewhere else
import { chmod, copyFile, cp, mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { rolldown } from 'rolldown';
import { separatePrograms } from './building/separate-programs.ts';

const root = join(import.meta.dirname, '..');
const { values: options } = parseArgs({
  options: { 'keep-old-chunks': { type: 'boolean' }, into: { type: 'string' } },
});
const dist = options.into ?? join(root, 'dist');
const oldChunkLife = 24 * 3600_000;

const startedAt = new Date();
// The message of a failed build is enough; the stack is the bundler's.
process.once('uncaughtException', (error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
const bundle = await rolldown({
  input: { xx: join(root, 'packages/cli/src/main.ts') },
  platform: 'node',
  cwd: root,
  logLevel: 'warn',
  plugins: [separatePrograms()],
});
const { output } = await bundle.generate({
  format: 'esm',
  minify: true,
  entryFileNames: ({ name }) => (name === 'xx' ? '[name].js' : 'chunks/[name]-[hash].js'),
  chunkFileNames: 'chunks/[name]-[hash].js',
  banner: ({ name }) => (name === 'xx' ? '#!/usr/bin/env node' : ''),
});
await bundle.close();

if (!options['keep-old-chunks']) await rm(dist, { recursive: true, force: true });
await mkdir(join(dist, 'chunks'), { recursive: true });
// The entry last, and by rename: a process that starts meanwhile gets the old or the new build, never a mixture.
for (const file of output.toSorted((a, b) => Number(a.fileName === 'xx.js') - Number(b.fileName === 'xx.js'))) {
  await replaceFile(join(dist, file.fileName), file.type === 'chunk' ? file.code : file.source);
}
await chmod(join(dist, 'xx.js'), 0o755);
await writePackage();
await removeOldChunks(new Set(output.map((file) => file.fileName)));
if (options.into === undefined) await stampBuild();

async function replaceFile(path: string, content: string | Uint8Array): Promise<void> {
  const temporary = `${path}.${process.pid}`;
  await writeFile(temporary, content, { mode: path.endsWith('xx.js') ? 0o755 : 0o644 });
  await rename(temporary, path);
}

async function writePackage(): Promise<void> {
  const workspace = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as Record<string, unknown>;
  const manifest = {
    name: 'xx-pipeline',
    version: workspace['version'],
    description: workspace['description'],
    license: workspace['license'],
    type: 'module',
    bin: { xx: 'xx.js' },
    files: ['xx.js', 'chunks', 'examples'],
    engines: workspace['engines'],
  };
  await replaceFile(join(dist, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  for (const name of ['README.md', 'LICENSE']) await copyFile(join(root, name), join(dist, name));
  await cp(join(root, 'examples/quickstart'), join(dist, 'examples/quickstart'), { recursive: true });
}

async function removeOldChunks(current: ReadonlySet<string>): Promise<void> {
  for (const name of await readdir(join(dist, 'chunks'))) {
    const path = join(dist, 'chunks', name);
    if (current.has(`chunks/${name}`)) continue;
    if ((await stat(path)).mtimeMs < startedAt.getTime() - oldChunkLife) await rm(path);
  }
}

/** Tells `./xx` which sources are in the bundle: those not newer than the moment the build began. */
async function stampBuild(): Promise<void> {
  const stamp = join(root, '.tools', 'bundle');
  await mkdir(join(root, '.tools'), { recursive: true });
  await writeFile(stamp, '');
  await utimes(stamp, startedAt, startedAt);
}
