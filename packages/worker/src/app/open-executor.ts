import type { Clock } from '@xx-pipeline/common';
import { DockerExecutor, type JobExecutor, ScriptedExecutor } from '../execution/index.ts';

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
    ownerId: `xx-worker:${workerId}`,
    ...(options.dockerHost === undefined ? {} : { socket: options.dockerHost }),
    trees,
    stateDirectory: options.stateDirectory,
    workspaceMode: 'isolated',
    recoverable: true,
    clock,
  });
  return { executor, health: () => executor.health() };
}
