import { join } from 'node:path';
import type { Clock } from '@xx-pipeline/common';
import {
  DockerExecutor,
  Guardian,
  type GuardianParts,
  type JobExecutor,
  ScriptedExecutor,
} from '../execution/index.ts';

/** What runs a worker's containers. */
export interface Engine {
  readonly executor: JobExecutor;
  /** Whether it answers, in one line. */
  readonly health: () => Promise<{ ok: boolean; text: string }>;
}

/** Opens the executor that was asked for. Throws `ExecutionBroken` where no engine answers. */
export async function openExecutor(
  options: {
    readonly executor?: 'docker' | 'scripted';
    readonly dockerHost?: string;
    readonly stateDirectory: string;
  },
  workerId: string,
  clock: Clock,
  trees: (key: string) => string,
): Promise<Engine> {
  if (options.executor === 'scripted') {
    return { executor: new ScriptedExecutor({ clock }), health: async () => ({ ok: true, text: 'scripted' }) };
  }
  const executor = await DockerExecutor.connect({
    ownerId: ownerOf(workerId),
    ...(options.dockerHost === undefined ? {} : { socket: options.dockerHost }),
    trees,
    stateDirectory: options.stateDirectory,
    workspaceMode: 'isolated',
    recoverable: true,
    clock,
  });
  return { executor, health: () => executor.health() };
}

/** What pauses the containers of a worker that cannot do it itself; null where there is nothing to pause. */
export function openGuardian(
  options: { readonly executor?: 'docker' | 'scripted'; readonly dockerHost?: string; readonly stateDirectory: string },
  workerId: string,
  parts: GuardianParts,
): Guardian | null {
  if (options.executor === 'scripted') return null;
  const { stateDirectory, dockerHost = null } = options;
  const places = {
    lease: join(stateDirectory, 'lease'),
    lock: join(stateDirectory, 'lock'),
    guardian: join(stateDirectory, 'guardian'),
    records: DockerExecutor.directoryOf(stateDirectory, ownerOf(workerId)),
    engine: dockerHost,
  };
  return new Guardian(places, parts);
}

const ownerOf = (workerId: string): string => `xx-worker:${workerId}`;
