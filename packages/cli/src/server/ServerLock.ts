import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { lifeOf, type ProcessIdentity, thisProcess } from '@xx-pipeline/worker/process';

/** Who holds a lock that was not to be had. */
export interface LockHolder {
  readonly pid: number;
  /** false: it is a process of another machine or container, of which nothing is known from here. */
  readonly here: boolean;
}

/** Makes sure that one process at a time uses a directory; a process that was killed does not hold it any longer. */
export class ServerLock {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  /** The lock, or who has it. */
  static async take(path: string): Promise<ServerLock | LockHolder> {
    const draft = `${path}.${process.pid}.draft`;
    await writeFile(draft, JSON.stringify(thisProcess()), { mode: 0o600 });
    try {
      for (;;) {
        if (await linkNew(draft, path)) return new ServerLock(path);
        const holder = await liveHolder(path);
        if (holder !== null) return holder;
        await moveAway(path);
      }
    } finally {
      await rm(draft, { force: true });
    }
  }

  async release(): Promise<void> {
    await rm(this.#path, { force: true });
  }
}

/** A lock file is whole from its first moment: it is written elsewhere and linked into its place. */
async function linkNew(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function liveHolder(path: string): Promise<LockHolder | null> {
  const identity = await readIdentity(path);
  if (identity === null) return null;
  const life = lifeOf(identity);
  return life === 'dead' ? null : { pid: identity.pid, here: life === 'alive' };
}

/** Takes a dead process's file away. Somebody else may have done so before and hold the lock now: then it goes back. */
async function moveAway(path: string): Promise<void> {
  const grave = `${path}.${process.pid}.dead`;
  try {
    await rename(path, grave);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  if ((await liveHolder(grave)) !== null) await linkNew(grave, path);
  await rm(grave, { force: true });
}

async function readIdentity(path: string): Promise<ProcessIdentity | null> {
  try {
    const { pid, started, scope } = JSON.parse(await readFile(path, 'utf8')) as Partial<ProcessIdentity>;
    return typeof pid === 'number' && typeof scope === 'string' ? { pid, started: started ?? null, scope } : null;
  } catch {
    return null;
  }
}
