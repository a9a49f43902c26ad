import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '@xx-pipeline/common';
import type { JobExecutor } from '@xx-pipeline/worker/execution';
import { lifeOf, type ProcessIdentity, thisProcess } from '@xx-pipeline/worker/process';
import type { LocalReportStore } from '../reports/LocalReportStore.ts';

/** Cleans up after processes that were killed: their reports, clones and containers. Never rejects. */
export async function sweepState(
  store: LocalReportStore,
  executor: Pick<JobExecutor, 'sweep'>,
  home: string,
  clock: Clock,
): Promise<void> {
  await Promise.allSettled([store.repairAbandoned(clock), executor.sweep(), sweepClones(home)]);
}

/** Where clones for single runs are made. */
export const cloneParent = (home: string): string => join(home, 'clones');

/** Records this process as the owner of a clone's directory. */
export async function markOwned(directory: string): Promise<void> {
  await writeFile(join(directory, 'owner.json'), JSON.stringify(thisProcess()));
}

async function sweepClones(home: string): Promise<void> {
  for (const name of await readdir(cloneParent(home)).catch(() => [])) {
    const directory = join(cloneParent(home), name);
    const text = await readFile(join(directory, 'owner.json'), 'utf8').catch(() => null);
    if (text !== null && lifeOf(JSON.parse(text) as ProcessIdentity) === 'dead') {
      await rm(directory, { recursive: true, force: true });
    }
  }
}
