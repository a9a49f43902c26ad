import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '../..');
const run = promisify(execFile);

/** What an installed package consists of. */
export interface InstalledPackage {
  /** The folder of the package. */
  readonly folder: string;
  /** The command that npm made. */
  readonly command: string;
  /** The file that Node runs. */
  readonly program: string;
}

/** Builds the package, packs it and installs the archive below `into`, as a user would: without the network. */
export async function installPackage(into: string, signal?: AbortSignal): Promise<InstalledPackage> {
  const options = { cwd: into, ...(signal && { signal }) };
  await mkdir(into, { recursive: true });
  await run(process.execPath, [join(root, 'scripts/build.ts'), '--into', join(into, 'dist')], options);
  const { stdout } = await run('npm', ['pack', '--silent', './dist'], options);
  const prefix = join(into, 'installed');
  const flags = ['--global', '--prefix', prefix, '--offline', '--no-audit', '--no-fund', '--ignore-scripts'];
  await run('npm', ['install', ...flags, join(into, stdout.trim())], options);
  const folder = join(prefix, 'lib/node_modules/xx-pipeline');
  return { folder, command: join(prefix, 'bin/xx'), program: join(folder, 'xx.js') };
}
