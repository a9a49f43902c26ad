import { failure, messageOf } from '@xx-pipeline/common';
import { gitVersion } from '@xx-pipeline/source/git';
import { installPackages } from './install-packages.ts';
import { findProgram, isDebianLike, isRoot } from './machine-facts.ts';
import type { SetupCheck } from './SetupCheck.ts';

/** git tells what is in a working tree and clones the repositories of `--repo`. */
export const gitCheck: SetupCheck = {
  id: 'git',
  title: 'git',
  async run(world) {
    if (findProgram(world, 'git') === null) {
      const mend = ['Install it. On Debian or Ubuntu, as root:', '$ apt-get install git'];
      if (!isRoot() || !isDebianLike(world)) return { state: 'missing', found: 'not installed', mend };
      const fix = { what: 'install git', system: true, run: () => installPackages(['git'], world) };
      return { state: 'missing', found: 'not installed', mend, fix };
    }
    const version = await gitVersion(world.env, AbortSignal.any([world.signal, AbortSignal.timeout(10_000)])).catch(
      (error: unknown) => failure({ message: messageOf(error) }),
    );
    if (!version.ok)
      return { state: 'warning', found: version.error.message, mend: ['See what is wrong:', '$ git --version'] };
    const found = version.value.trim().replace(/^git version /, '');
    const [major = 0, minor = 0] = found.split('.').map(Number);
    if (major > 2 || (major === 2 && minor >= 31)) return { state: 'ok', found, mend: [] };
    return { state: 'missing', found: `${found} is too old`, mend: ['Install git 2.31 or newer.'] };
  },
};
