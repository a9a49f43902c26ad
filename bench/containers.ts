import { join } from 'node:path';
import type { BenchWorld } from './BenchWorld.ts';
import { bringGitlabCiLocal } from './gitlab-ci-local.ts';
import { type Measured, measurePairs, median, medianRatio } from './measure.ts';
import { ms, type Result } from './Result.ts';

const run = ['run', '--local'] as const;

/** Its helper image and its question to the registry are left out: it is to be measured where there is no registry too. */
const peerOptions = ['--helper-image', 'busybox:latest', '--pull-policy', 'if-not-present'];

/** A pipeline to measure. */
export interface Shape {
  readonly id: string;
  readonly what: string;
  readonly pipeline: string;
  readonly docker: (width: number) => string;
  readonly dockerTarget: number;
  readonly peerTarget: number;
}

const chain = Array.from({ length: 10 }, (_, index) => `s${index}`);
const shapes: readonly Shape[] = [
  {
    id: 'a',
    what: 'one trivial job',
    pipeline: 'job: {image: "busybox:latest", script: ["true"]}\n',
    docker: () => 'docker run --rm busybox true',
    dockerTarget: 1,
    peerTarget: 5,
  },
  {
    id: 'b',
    what: 'ten stages of one job',
    pipeline: `image: busybox:latest\nstages: [${chain}]\n${chain.map((s) => `j${s}: {stage: ${s}, script: ["true"]}\n`).join('')}`,
    docker: () => 'for i in 1 2 3 4 5 6 7 8 9 10; do docker run --rm busybox true || exit; done',
    dockerTarget: 0.4,
    peerTarget: 9,
  },
  {
    id: 'c',
    what: 'twenty jobs side by side',
    pipeline: 'job: {image: "busybox:latest", parallel: 20, script: ["true"]}\n',
    docker: (width) => `seq 20 | xargs -P ${width} -I{} docker run --rm busybox true`,
    dockerTarget: 0.5,
    peerTarget: 9,
  },
];

/** (a), (b), (c): against the docker command. */
export async function againstDocker(world: BenchWorld, id: string, pairs: number): Promise<Result> {
  const shape = shapeOf(id);
  const repository = await world.repository(`docker-${id}`, { '.gitlab-ci.yml': shape.pipeline });
  const xx = world.xx(repository, ...run, '-j', String(world.width));
  const docker = world.shell('docker run', shape.docker(world.width));
  const [ours, theirs] = await times(xx, docker, pairs);
  const ratio = medianRatio(ours, theirs);
  return {
    id,
    what: `${shape.what}, against \`docker run --rm\``,
    xx: ms(median(ours)),
    other: ms(median(theirs)),
    measured: `${ratio.toFixed(2)}x`,
    target: `<= ${shape.dockerTarget.toFixed(1)}x`,
    reached: ratio <= shape.dockerTarget,
  };
}

/** (d): the same three against gitlab-ci-local. */
export async function againstPeer(world: BenchWorld, pairs: number): Promise<readonly Result[]> {
  const program = await bringGitlabCiLocal();
  const results: Result[] = [];
  for (const { id, what, pipeline, peerTarget } of shapes) {
    const repository = await world.repository(`peer-${id}`, {
      '.gitlab-ci.yml': pipeline,
      '.gitignore': '.gitlab-ci-local\n',
    });
    const peer: Measured = {
      name: 'gitlab-ci-local',
      command: [
        process.execPath,
        program,
        ...peerOptions,
        '--concurrency',
        String(world.width),
        '--home',
        join(world.folder, 'peer-home'),
      ],
      cwd: repository,
      env: world.env,
    };
    const [ours, theirs] = await times(world.xx(repository, ...run, '-j', String(world.width)), peer, pairs);
    const factor = medianRatio(theirs, ours);
    results.push({
      id: `d-${id}`,
      what: `${what}, against gitlab-ci-local`,
      xx: ms(median(ours)),
      other: ms(median(theirs)),
      measured: `${factor.toFixed(1)} times faster`,
      target: `>= ${peerTarget} times`,
      reached: factor >= peerTarget,
    });
  }
  return results;
}

/** (g): the first job's start in a working tree of 200 MB in 20,000 files, against an empty tree. */
export async function largeTree(world: BenchWorld, pairs: number): Promise<Result> {
  const pipeline = { '.gitlab-ci.yml': shapeOf('a').pipeline };
  const files = Object.fromEntries(
    Array.from({ length: 20_000 }, (_, index) => [`d${index % 200}/f${index}`, Buffer.alloc(10_000, `${index} `)]),
  );
  const large = await world.repository('large', { ...pipeline, ...files });
  const empty = await world.repository('empty', pipeline);
  const [big, small] = await times(world.xx(large, ...run), world.xx(empty, ...run), pairs);
  const ratio = medianRatio(big, small);
  return {
    id: 'g',
    what: 'one trivial job in a tree of 200 MB, 20,000 files, against an empty tree',
    xx: ms(median(big)),
    other: ms(median(small)),
    measured: `${ratio.toFixed(2)}x`,
    target: '< 1.3x',
    reached: ratio < 1.3,
  };
}

/** The pipeline of a case. */
export function shapeOf(id: string): Shape {
  const shape = shapes.find((each) => each.id === id);
  if (shape === undefined) throw new Error(`no case ${id}`);
  return shape;
}

/** Milliseconds of two commands, in alternating pairs. */
export async function times(one: Measured, other: Measured, pairs: number): Promise<readonly [number[], number[]]> {
  const [ours, theirs] = await measurePairs(one, other, pairs);
  return [ours.map(({ milliseconds }) => milliseconds), theirs.map(({ milliseconds }) => milliseconds)];
}
