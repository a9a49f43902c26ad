import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { BenchWorld } from './BenchWorld.ts';
import { measure, median } from './measure.ts';
import { ms, type Result } from './Result.ts';

// Lines of 100 bytes, as logs have; the engine's default log driver makes 80 bytes of JSON around each line.
// A file printed a hundred times, because `yes` is slower than what is to be measured.
// In jobs a failing part fails the whole pipe, and `yes` ends by a broken pipe.
const line = '0123456789'.repeat(10).slice(1);
const gigabyte = `(yes ${line} || true) | head -c 10000000 > /tmp/f; for i in 0 1 2 3 4 5 6 7 8 9; do cat${' /tmp/f'.repeat(10)}; done`;

/** (e): a gigabyte of log lines, against the docker command's way into a file. */
export async function largeLog(world: BenchWorld, pairs: number): Promise<readonly Result[]> {
  const pipeline = `job: {image: "busybox:latest", script: ["${gigabyte}"]}\n`;
  const repository = await world.repository('log', { '.gitlab-ci.yml': pipeline });
  const output = join(world.folder, 'log.txt');
  const docker = (driver: string) =>
    world.shell('docker run', `docker run --rm ${driver} busybox sh -c '${gigabyte}' > ${output}`);
  // To a file like the others, so that the terminal is not what is measured.
  const xx = world.shell(
    'xx',
    `exec ${world.xx(repository, 'run', '--local', '-o', 'json').command.join(' ')}`,
    repository,
  );

  const ours: number[] = [];
  const standard: number[] = [];
  const none: number[] = [];
  let peak = 0;
  for (let pair = 0; pair < pairs; pair++) {
    const cost = await measure(xx);
    ours.push(cost.milliseconds);
    peak = Math.max(peak, cost.peak);
    await rm(join(world.folder, 'home/reports'), { recursive: true, force: true });
    none.push((await measure(docker('--log-driver none'))).milliseconds);
    standard.push((await measure(docker(''))).milliseconds);
    await rm(output, { force: true });
  }
  const compare = (id: string, what: string, theirs: readonly number[], target: number): Result => {
    const ratio = median(ours.map((value, index) => value / (theirs[index] ?? Number.NaN)));
    return {
      id,
      what: `1 GB of log lines, against \`docker run ${what}> file\``,
      xx: ms(median(ours)),
      other: ms(median(theirs)),
      measured: `${ratio.toFixed(2)}x`,
      target: `<= ${target}x`,
      reached: ratio <= target,
    };
  };
  return [
    compare('e-default', '', standard, 0.3),
    compare('e-none', '--log-driver none ', none, 1.3),
    {
      id: 'e-memory',
      what: 'peak memory of xx meanwhile',
      xx: `${Math.round(peak)} MB`,
      other: '',
      measured: `${Math.round(peak)} MB`,
      target: '< 150 MB',
      reached: peak < 150,
    },
  ];
}
