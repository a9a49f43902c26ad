import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { installPackages } from '../../packages/cli/src/setup/install-packages.ts';
import { isDebianLike, isRoot } from '../../packages/cli/src/setup/machine-facts.ts';
import { SetupFailed } from '../../packages/cli/src/setup/SetupCheck.ts';

/** What single tests start beside Node, git, Docker and PostgreSQL, by the start of their paths; one of the ways is enough. */
const needs = [
  { tests: 'test/services/compose.', ways: ['docker compose', 'docker-compose'], package: 'docker-compose' },
  { tests: 'test/services/proxy.', ways: ['nginx'], package: 'nginx-light' },
  { tests: 'test/services/proxy.', ways: ['openssl'], package: 'openssl' },
  { tests: 'test/services/units.', ways: ['systemd-analyze'], package: 'systemd' },
] as const;

/** Installs the programs that these tests need where that can be done; what is missing then as text. */
export async function preparePrograms(tests: readonly string[], signal: AbortSignal): Promise<string | null> {
  const missing = needs.filter(
    (need) => tests.some((path) => path.startsWith(need.tests)) && !need.ways.some((way) => isThere(way)),
  );
  if (missing.length === 0) return null;
  const packages = missing.map((need) => need.package);
  const world = {
    env: process.env,
    cwd: process.cwd(),
    signal,
    say: (line: string) => process.stdout.write(`  ${line} …\n`),
  };
  if (!isRoot() || !isDebianLike(world)) {
    const command = `apt-get install --no-install-recommends ${packages.join(' ')}`;
    return `${missing.map(({ ways }) => ways.join(' or ')).join(', ')} is missing. On Debian or Ubuntu, as root:\n  $ ${command}`;
  }
  try {
    await withoutServices(() => installPackages(packages, world));
    return null;
  } catch (error) {
    if (error instanceof SetupFailed) return [error.message, ...error.mend].join('\n  ');
    throw error;
  }
}

/** `docker` is there without its compose: the words behind a program have to be tried. */
function isThere(way: string): boolean {
  const [program = '', ...words] = way.split(' ');
  const found = spawnSync(program, words.length > 0 ? [...words, 'version'] : ['--help'], { stdio: 'ignore' });
  return found.error === undefined && (words.length === 0 || found.status === 0);
}

/** Keeps the distribution from starting services nobody asked for, for as long as it installs. */
async function withoutServices(install: () => Promise<void>): Promise<void> {
  const policy = '/usr/sbin/policy-rc.d';
  const ours = !existsSync(policy);
  if (ours) writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    await install();
  } finally {
    if (ours) rmSync(policy, { force: true });
  }
}
