// How fast it is, against what one would use instead: `npm run bench`.
//   --only a,b       some cases: a b c d e f g h i j k l m n
//   --pairs N        how often each comparison is made (5)
//   --pipelines N    runs that the benches of the server make (1000)
//   --history N      jobs that the largest database of (k) has (1000000)

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { prepareEngine } from '../scripts/testing/prepare-engine.ts';
import { BenchWorld } from './BenchWorld.ts';
import { largeFiles, start } from './command-line.ts';
import { againstDocker, againstPeer, largeTree } from './containers.ts';
import { largeLog } from './logs.ts';
import { type Result, toMarkdown } from './Result.ts';
import { throughServer } from './services/containers-remote.ts';
import { history } from './services/history.ts';
import { ingest } from './services/ingest.ts';
import { latency } from './services/latency.ts';
import { memory } from './services/memory.ts';
import { throughput } from './services/throughput.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    pairs: { type: 'string' },
    pipelines: { type: 'string' },
    history: { type: 'string' },
  },
});
const pairs = Number(values.pairs ?? 5);
const pipelines = Number(values.pipelines ?? 1000);
const largest = Number(values.history ?? 1_000_000);

const cases: Readonly<Record<string, (world: BenchWorld) => Promise<Result | readonly Result[]>>> = {
  a: (world) => againstDocker(world, 'a', pairs),
  b: (world) => againstDocker(world, 'b', pairs),
  c: (world) => againstDocker(world, 'c', pairs),
  d: (world) => againstPeer(world, pairs),
  e: (world) => largeLog(world, Math.min(pairs, 5)),
  f: (world) => largeFiles(world, pairs),
  g: (world) => largeTree(world, pairs),
  h: (world) => start(world, pairs),
  i: (world) => throughput(world, pipelines),
  j: (world) => latency(world),
  k: (world) => history(world, Math.min(pipelines, 300), largest),
  l: (world) => ingest(world),
  m: (world) => memory(world),
  n: (world) => throughServer(world, pairs),
};
const wanted = values.only?.split(',') ?? Object.keys(cases);

/** Cases that run containers. */
const needEngine = 'abcdefghn';
if (wanted.some((id) => needEngine.includes(id))) {
  const missing = await prepareEngine(new AbortController().signal);
  if (missing !== null) throw new Error(missing);
}
execFileSync(join(import.meta.dirname, '../xx'), ['--version'], { stdio: 'ignore' });

const results: Result[] = [];
await using world = await BenchWorld.make();
for (const id of wanted) {
  const run = cases[id];
  if (run === undefined) throw new Error(`no case ${id}; there are: ${Object.keys(cases).join(', ')}`);
  process.stderr.write(`${id} …\n`);
  results.push(...[await run(world)].flat());
}
process.stdout.write(toMarkdown(results));
