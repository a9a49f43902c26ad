import { installPackages } from './install-packages.ts';
import { findProgram, isDebianLike, isRoot } from './machine-facts.ts';
import { runProgram } from './run-program.ts';
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
    const { output } = await runProgram('git', ['--version'], world, { deadline: 10_000 });
    return { state: 'ok', found: output.trim().replace(/^git version /, ''), mend: [] };
  },
};
