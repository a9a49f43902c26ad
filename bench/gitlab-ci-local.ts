import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { installPackages } from '../packages/cli/src/setup/install-packages.ts';
import { findProgram } from '../packages/cli/src/setup/machine-facts.ts';

const version = '4.73.0';

/** Installs gitlab-ci-local, and the rsync it copies with, for the bench alone; returns its program. */
export async function bringGitlabCiLocal(): Promise<string> {
  const world = {
    env: process.env,
    cwd: process.cwd(),
    signal: new AbortController().signal,
    say: (line: string) => process.stderr.write(`  ${line}\n`),
  };
  if (findProgram(world, 'rsync') === null) await installPackages(['rsync'], world);
  const folder = join(import.meta.dirname, '../.tools/bench');
  const installed = join(folder, 'node_modules/gitlab-ci-local');
  if (!existsSync(installed)) {
    await mkdir(folder, { recursive: true });
    const options = ['--ignore-scripts', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'];
    execFileSync('npm', ['install', '--prefix', folder, ...options, `gitlab-ci-local@${version}`], {
      stdio: 'inherit',
    });
  }
  const { bin } = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8')) as {
    bin: Record<string, string>;
  };
  return join(installed, bin['gitlab-ci-local'] ?? '');
}
