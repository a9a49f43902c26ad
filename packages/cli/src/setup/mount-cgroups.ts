import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { runProgram } from './run-program.ts';
import { SetupFailed, type SetupWorld } from './SetupCheck.ts';

const folder = '/sys/fs/cgroup';

/** Whether the kernel's control groups are there for a container engine to use. */
export function cgroupsAreMounted(): boolean {
  try {
    return readdirSync(folder).length > 0;
  } catch {
    return false;
  }
}

/** The controllers of the kernel, as /proc/cgroups lists them. */
export function parseControllers(table: string): readonly string[] {
  return table
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split('\t'))
    .flatMap(([name, , , enabled]) => (name !== undefined && enabled === '1' ? [name] : []));
}

/** Mounts what an init system would have mounted, where nothing did; as root. */
export async function mountCgroups(world: SetupWorld): Promise<void> {
  if (cgroupsAreMounted()) return;
  world.say(`mounting control groups at ${folder}`);
  const mount = async (...args: readonly string[]): Promise<string | null> => {
    const result = await runProgram('mount', args, world, { deadline: 10_000 });
    return result.code === 0 ? null : result.output.trim();
  };
  // Kernels without the old controllers have the unified hierarchy only.
  const controllers = parseControllers(readFileSync('/proc/cgroups', 'utf8'));
  const problem =
    controllers.length === 0
      ? await mount('-t', 'cgroup2', 'cgroup2', folder)
      : await mount('-t', 'tmpfs', '-o', 'mode=755', 'cgroup', folder);
  if (problem !== null) throw new SetupFailed(`control groups cannot be mounted: ${problem}`);
  for (const controller of controllers) {
    mkdirSync(`${folder}/${controller}`, { recursive: true });
    // One that is in use by the unified hierarchy cannot be mounted; the engine does without.
    await mount('-t', 'cgroup', '-o', controller, 'cgroup', `${folder}/${controller}`);
  }
}
