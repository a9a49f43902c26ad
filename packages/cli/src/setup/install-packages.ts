import { lastLines, runProgram } from './run-program.ts';
import { SetupFailed, type SetupWorld } from './SetupCheck.ts';

/** Installs packages of the distribution, as root; waits for another installation to end. */
export async function installPackages(packages: readonly string[], world: SetupWorld): Promise<void> {
  world.say(`installing ${packages.join(', ')} with apt-get`);
  const quiet = { ...world, env: { ...world.env, DEBIAN_FRONTEND: 'noninteractive', NEEDRESTART_MODE: 'l' } };
  const apt = ['-q', '-o', 'DPkg::Lock::Timeout=300', '-o', 'Acquire::Retries=2'];
  // A list that is too old names files that are gone: refreshing it first is cheaper than finding out.
  const update = await runProgram('apt-get', [...apt, 'update'], quiet);
  const install = await runProgram(
    'apt-get',
    [...apt, 'install', '-y', '--no-install-recommends', '-o', 'Dpkg::Options::=--force-confold', ...packages],
    quiet,
  );
  world.signal.throwIfAborted();
  if (install.code === 0) return;
  const output = update.code === 0 ? install.output : `${update.output}\n${install.output}`;
  throw new SetupFailed(`apt-get could not install ${packages.join(', ')}`, [
    ...lastLines(output).map((line) => `| ${line}`),
    'Is a mirror of the distribution reachable from here? Try it by hand:',
    `$ apt-get update && apt-get install --no-install-recommends ${packages.join(' ')}`,
  ]);
}
