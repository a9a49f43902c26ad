import { join } from 'node:path';
import type { Clock } from '@xx-pipeline/common';
import type { ContainerGuard } from './ContainerGuard.ts';
import { DockerExecutor } from './docker/DockerExecutor.ts';
import { Guardian, type GuardianParts } from './docker/guardian/Guardian.ts';
import type { JobExecutor } from './JobExecutor.ts';
import { ScriptedExecutor } from './scripted/ScriptedExecutor.ts';

/** `docker`: a Docker engine, or one that has its API. `scripted`: jobs that only pretend, for tests and measurements. */
export type ExecutorKind = 'docker' | 'scripted';

/** How an executor is opened. */
export interface OpenExecutorOptions {
  readonly kind: ExecutorKind;
  /** Names this process to others: its containers are removed when their owner has ended. */
  readonly ownerId: string;
  /** Address of the engine, as in `DOCKER_HOST`. Default: the one that the docker command uses. */
  readonly engine?: string;
  readonly files: ExecutorFiles;
  /**
   * Containers outlive this process where the executor can do that: another one with the same owner id adopts them, and
   * they are paused when their lease ends. null: they end with this process.
   */
  readonly outlive: OutliveOptions | null;
  readonly clock: Clock;
}

/** Directories of this machine. */
export interface ExecutorFiles {
  /** The directory that contains a tree. Not called where the executor brings its own trees. */
  readonly trees: (key: string) => string;
  /** For workspaces and for facts that are remembered between runs. */
  readonly stateDirectory: string;
  /** `isolated`: jobs write into a layer or copy of their own. `shared`: into the tree itself. */
  readonly workspaceMode: 'isolated' | 'shared';
}

/** What containers need that outlive their process. */
export interface OutliveOptions {
  /** A file that names the worker process, deleted when that has ended cleanly. */
  readonly lock: string;
  readonly warn: GuardianParts['warn'];
}

/** An executor, and the guard of its containers. */
export interface OpenedExecutor {
  readonly executor: JobExecutor;
  /** null: its containers end with this process. */
  readonly guard: ContainerGuard | null;
}

/** Opens an executor: the only place that maps its kind to a class. Throws `ExecutionBroken` if its engine is unreachable. */
export async function openExecutor(options: OpenExecutorOptions): Promise<OpenedExecutor> {
  switch (options.kind) {
    case 'scripted': {
      // Nothing is made, so making it ahead saves nothing.
      const traits = { makesAheadCheaply: false };
      return { executor: new ScriptedExecutor({ clock: options.clock, traits }), guard: null };
    }
    case 'docker':
      return await openDocker(options);
  }
}

async function openDocker(options: OpenExecutorOptions): Promise<OpenedExecutor> {
  const { ownerId, engine, files, outlive, clock } = options;
  const { stateDirectory } = files;
  const executor = await DockerExecutor.connect({
    ownerId,
    ...(engine === undefined ? {} : { socket: engine }),
    ...files,
    recoverable: outlive !== null,
    clock,
  });
  if (outlive === null) return { executor, guard: null };
  const places = {
    lease: join(stateDirectory, 'lease'),
    lock: outlive.lock,
    guardian: join(stateDirectory, 'guardian'),
    records: DockerExecutor.directoryOf(stateDirectory, ownerId),
    engine: engine ?? null,
  };
  return { executor, guard: new Guardian(places, { clock, warn: outlive.warn }) };
}
