import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gitAsUser } from '@xx-pipeline/source/git';
import { CommandError } from '../io/CommandIo.ts';
import { ExitCode } from '../io/exit-codes.ts';
import { stateDirectory } from '../io/state-directory.ts';
import { lastLines } from './run-program.ts';
import type { SetupWorld } from './SetupCheck.ts';

/** The example's folder: beside the bundle in an installed package, at the root in a checkout. */
function findExample(): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    const example = join(folder, 'examples/quickstart');
    if (existsSync(join(example, '.xx-pipeline.yml'))) return example;
    if (folder === dirname(folder))
      throw new CommandError('the example pipeline is missing from this installation', ExitCode.machine);
  }
}

/** Makes a repository of the example in the state directory, anew each time; returns its folder. */
export async function makeDemoRepository(world: SetupWorld): Promise<string> {
  const home = join(stateDirectory(world.env, world.cwd), 'demo');
  const folder = join(home, 'quickstart');
  await mkdir(home, { recursive: true });
  const fresh = await mkdtemp(join(home, 'new-'));
  await cp(findExample(), fresh, { recursive: true });
  const author = ['-c', 'user.name=xx', '-c', 'user.email=xx@localhost', '-c', 'commit.gpgSign=false'];
  for (const args of [
    ['init', '-q', '-b', 'main'],
    ['add', '-A'],
    [...author, 'commit', '-q', '--no-verify', '-m', 'The quickstart example'],
  ]) {
    const done = await gitAsUser(args, { cwd: fresh, env: world.env, protocols: [], signal: world.signal });
    if (!done.ok) {
      const output = lastLines(done.error.message).join('\n');
      throw new CommandError(`git ${args.join(' ')} failed in ${fresh}`, ExitCode.machine, output);
    }
  }
  await rm(folder, { recursive: true, force: true });
  await rename(fresh, folder);
  return folder;
}
