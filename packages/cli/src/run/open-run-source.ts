import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { systemIds } from '@xx-pipeline/common';
import { type OpenSource, openSource } from '@xx-pipeline/source';
import type { CommandIo } from '../io/CommandIo.ts';
import { makeStateDirectory, StateUnwritable, stateDirectory } from '../io/state-directory.ts';
import { orExplain } from './explain-source-problem.ts';
import type { RunOptions } from './run-options.ts';
import { cloneParent, markOwned } from './sweep-state.ts';

/** Opens what a run starts from; a clone in a directory of the state directory that says whose it is. */
export async function openRunSource(options: RunOptions, io: CommandIo): Promise<{ source: OpenSource; home: string }> {
  const home = stateDirectory(io.env, io.cwd);
  makeStateDirectory(home);
  const cloneDirectory = join(cloneParent(home), systemIds.next());
  if (options.clone !== null) {
    try {
      await mkdir(cloneDirectory, { recursive: true });
      await markOwned(cloneDirectory);
    } catch (error) {
      throw new StateUnwritable('clone into', cloneDirectory, error);
    }
  }
  const call = { cwd: io.cwd, env: io.env, ...(options.clone === null ? {} : { signal: io.interrupted }) };
  const opened = await openSource({ file: options.file, clone: options.clone, cloneDirectory }, call);
  return { source: orExplain(opened), home };
}
