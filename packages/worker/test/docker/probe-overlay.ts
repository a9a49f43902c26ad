import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { DockerClient } from '../../src/execution/docker/DockerClient.ts';
import { EngineError } from '../../src/execution/docker/EngineError.ts';

/** Whether the engine mounts a copy-on-write layer that lies in a directory; tried by hand, without the executor. */
export async function probeOverlay(
  client: DockerClient,
  directory: string,
  labels: Readonly<Record<string, string>>,
): Promise<boolean> {
  const layers = ['lower', 'upper', 'work'].map((name) => join(directory, name));
  await Promise.all(layers.map((layer) => mkdir(layer, { recursive: true })));
  const [lower, upper, work] = layers;
  const o = `lowerdir=${lower},upperdir=${upper},workdir=${work}`;
  const DriverConfig = { Name: 'local', Options: { type: 'overlay', device: 'overlay', o } };
  const mount = {
    Type: 'volume',
    Target: '/probe',
    VolumeOptions: { NoCopy: true, Labels: labels, DriverConfig },
  } as const;
  const spec = { Image: 'busybox:latest', Cmd: ['true'], Labels: labels, HostConfig: { Mounts: [mount] } };
  const id = await client.createContainer(spec, {});
  try {
    await client.startContainer(id);
    await client.waitContainer(id, 'not-running');
    return true;
  } catch (error) {
    if (error instanceof EngineError && /mount/.test(error.reason)) return false;
    throw error;
  } finally {
    await client.removeContainer(id);
  }
}
