import { join } from 'node:path';
import type { BenchWorld } from '../BenchWorld.ts';
import { type Shape, shapeOf, times } from '../containers.ts';
import { median, medianRatio } from '../measure.ts';
import { ms, type Result } from '../Result.ts';
import { ServiceProcess } from './ServiceProcess.ts';

const target = 1.15;

/** (n): the pipelines of (b) and (c) through `xx server` on this machine, against the same with `--local`. */
export async function throughServer(world: BenchWorld, pairs: number): Promise<readonly Result[]> {
  const results: Result[] = [];
  const { command, cwd, env } = world.xx(
    world.folder,
    'server',
    '--slots',
    String(world.width),
    '--listen',
    '127.0.0.1:0',
  );
  await using server = new ServiceProcess('xx server', command, { cwd, env });
  await server.printed(/worker started/);
  for (const shape of ['b', 'c'].map(shapeOf)) results.push(await compare(world, shape, pairs));
  return results;
}

async function compare(world: BenchWorld, shape: Shape, pairs: number): Promise<Result> {
  const repository = await world.repository(join('server', shape.id), { '.gitlab-ci.yml': shape.pipeline });
  const local = world.xx(repository, 'run', '--local', '-j', String(world.width));
  const [remote, here] = await times(world.xx(repository, 'run'), local, pairs);
  const ratio = medianRatio(remote, here);
  return {
    id: `n-${shape.id}`,
    what: `${shape.what}, through \`xx server\`, against --local`,
    xx: ms(median(remote)),
    other: ms(median(here)),
    measured: `${ratio.toFixed(2)}x`,
    target: `<= ${target}x`,
    reached: ratio <= target,
  };
}
