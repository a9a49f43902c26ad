import type { BenchWorld } from './BenchWorld.ts';
import { type Measured, measure, measurePairs, median, medianRatio } from './measure.ts';
import { ms, type Result } from './Result.ts';

/** (f): CPU time of `xx check` of large files, and whether it grows with their size and no faster. */
export async function largeFiles(world: BenchWorld, pairs: number): Promise<readonly Result[]> {
  const cpuOf = async (jobs: number): Promise<number> => {
    const repository = await world.repository(`check-${jobs}`, { '.gitlab-ci.yml': largeFile(jobs) });
    const costs: number[] = [];
    for (let pair = 0; pair < pairs; pair++) costs.push((await measure(world.xx(repository, 'check'))).cpu);
    return median(costs);
  };
  const thousand = await cpuOf(1000);
  const tenThousand = await cpuOf(10_000);
  const line = (id: string, what: string, value: number, limit: number): Result => ({
    id,
    what: `\`xx check\` of ${what} jobs, CPU`,
    xx: ms(value),
    other: '',
    measured: ms(value),
    target: `< ${ms(limit)}`,
    reached: value < limit,
  });
  return [line('f-1000', '1,000', thousand, 150), line('f-10000', '10,000', tenThousand, 1200)];
}

/** What real files have: stages, templates, needs, rules, variables, artifacts; 10,000 jobs stay below the limit of 2 MB. */
function largeFile(jobs: number): string {
  const head =
    'image: busybox:latest\nstages: [a, b, c, d]\n.base:\n  before_script: [echo before]\n  variables: {A: "1"}\n';
  const body = Array.from({ length: jobs }, (_, index) => {
    const needs = index >= 4 ? `  needs: [job-${index - 4}]\n` : '';
    const stage = 'abcd'[index % 4];
    return `job-${index}:
  extends: .base
  stage: ${stage}
${needs}  script:
    - make target-${index}
  rules:
    - if: $CI_COMMIT_BRANCH == "main"
  artifacts: {paths: [out/${index}/]}
`;
  });
  return head + body.join('');
}

/** The start of the command line against the start of Node. */
export async function start(world: BenchWorld, pairs: number): Promise<Result> {
  const node: Measured = { name: 'node', command: [process.execPath, '-e', '0'], cwd: world.folder, env: world.env };
  const [ours, theirs] = await measurePairs(world.xx(world.folder, '--version'), node, pairs * 4);
  const times = (costs: typeof ours): number[] => costs.map(({ milliseconds }) => milliseconds);
  const ratio = medianRatio(times(ours), times(theirs));
  return {
    id: 'h',
    what: '`./xx --version`, against `node -e 0`',
    xx: ms(median(times(ours))),
    other: ms(median(times(theirs))),
    measured: `${ratio.toFixed(2)}x`,
    target: '<= 2x',
    reached: ratio <= 2,
  };
}
