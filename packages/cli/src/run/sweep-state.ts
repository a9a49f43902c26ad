import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '@xx-pipeline/common';
import { lifeOf, type ProcessIdentity, thisProcess } from '../io/ProcessIdentity.ts';
import type { LocalReportStore } from '../reports/LocalReportStore.ts';

/** Cleans up after processes that were killed: their reports, their clones, what they left in the engine. Never rejects. */
export async function sweepState(
  store: LocalReportStore,
  engine: { removeLeftovers(): Promise<void> },
  home: string,
  clock: Clock,
): Promise<void> {
  await Promise.allSettled([store.repairAbandoned(clock), engine.removeLeftovers(), sweepClones(home)]);
}

/** Where clones for single runs are made. */
export const cloneParent = (home: string): string => join(home, 'clones');

/** Says whose a clone's directory is. */
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
