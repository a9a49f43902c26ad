import { accessSync, constants, mkdirSync, statfsSync } from 'node:fs';
import { findEngine } from '@xx-pipeline/worker/execution';
import { stateDirectory } from '../io/state-directory.ts';
import type { SetupCheck, SetupWorld } from './SetupCheck.ts';

const gigabyte = 1e9;
const overlayMagic = 0x794c7630;

/** Reports, logs and artifacts have to go somewhere. */
export const stateCheck: SetupCheck = {
  id: 'state',
  title: 'State directory',
  async run(world) {
    const path = stateDirectory(world.env, world.cwd);
    try {
      mkdirSync(path, { recursive: true });
      accessSync(path, constants.W_OK | constants.X_OK);
      return { state: 'ok', found: path, mend: [] };
    } catch (error) {
      return {
        state: 'missing',
        found: `${path} cannot be written (${(error as NodeJS.ErrnoException).code})`,
        mend: ['Set XX_HOME to a directory you can write to.'],
      };
    }
  },
};

/** Room for images, workspaces, logs and artifacts. */
export const diskCheck: SetupCheck = {
  id: 'disk',
  title: 'Disk space',
  async run(world) {
    const path = stateDirectory(world.env, world.cwd);
    let free: number;
    try {
      const { bavail, bsize } = statfsSync(path);
      free = bavail * bsize;
    } catch {
      return { state: 'warning', found: `unknown: ${path} cannot be looked at`, mend: [] };
    }
    const found = `${(free / gigabyte).toFixed(1)} GB free for ${path}`;
    if (free >= 5 * gigabyte) return { state: 'ok', found, mend: [] };
    const mend = ['Free some space; unused images and containers go with:', '$ docker system prune'];
    return { state: free < gigabyte / 2 ? 'missing' : 'warning', found, mend };
  },
};

/** How jobs see the working tree: a copy-on-write layer where the engine can mount one, else a copy. */
export const workspaceCheck: SetupCheck = {
  id: 'workspace',
  title: 'Workspaces',
  async run(world) {
    const path = stateDirectory(world.env, world.cwd);
    const why = !isLocalEngine(world)
      ? 'the engine is on another machine'
      : /[:,]/.test(path)
        ? `the path ${path} has a colon or comma`
        : liesOnOverlay(path)
          ? `${path} lies on an overlay itself, which cannot carry another`
          : null;
    if (why === null) return { state: 'ok', found: 'copy-on-write layers over the working tree', mend: [] };
    return {
      state: 'warning',
      found: `copies of the working tree: ${why}`,
      mend: [
        'Jobs of large repositories start slower. Set XX_HOME to a directory on an ordinary file system (ext4, xfs).',
      ],
    };
  },
};

/** A setting that cannot be used is reported by the check of the engine. */
function isLocalEngine(world: SetupWorld): boolean {
  try {
    return findEngine(world.env).isLocal;
  } catch {
    return true;
  }
}

function liesOnOverlay(path: string): boolean {
  try {
    return statfsSync(path).type === overlayMagic;
  } catch {
    return false;
  }
}
