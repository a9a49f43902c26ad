import type { Background, Clock } from '@xx-pipeline/common';
import type { DockerClient } from './DockerClient.ts';
import type { EngineOutages } from './EngineOutages.ts';
import type { Leftovers } from './Leftovers.ts';
import type { WorkspaceMaker } from './workspace/WorkspaceMaker.ts';

/** Options of a Docker executor. */
export interface DockerExecutorOptions {
  /** Names this process: `makeOwnerId()`, or the name of a worker. Containers of dead owners are removed. */
  readonly ownerId: string;
  /** Address of the engine, as in `DOCKER_HOST`. Default: the one that the docker command uses. */
  readonly socket?: string;
  /** The directory of this machine that contains a tree. */
  readonly trees: (key: string) => string;
  /** A directory of this machine for workspaces and for facts that are remembered between runs. */
  readonly stateDirectory: string;
  /** `isolated`: jobs write into a layer or copy of their own. `shared`: into the tree itself. */
  readonly workspaceMode: 'isolated' | 'shared';
  /**
   * Containers outlive this process, and another one with the same owner id can adopt them. Needs a state directory that
   * the engine can mount. Default: they end with this process.
   */
  readonly recoverable?: boolean;
  readonly clock: Clock;
}

/** Parts of a Docker executor that the making and the removal of containers share. */
export interface DockerParts {
  readonly options: DockerExecutorOptions;
  readonly client: DockerClient;
  readonly outages: EngineOutages;
  readonly workspaces: WorkspaceMaker;
  readonly leftovers: Leftovers;
  /** Awaited before the executor closes. */
  readonly background: Background;
  /** Aborts when the executor closes. */
  readonly closing: AbortSignal;
}
