// Breaks things and audits what became of the runs: `npm run test:faults [-- --seeds N] [--from N] [--only K,K] [--program dist/xx.js]`.
import { resolve } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { prepareEngine } from '../../scripts/testing/prepare-engine.ts';
import { programVariable } from '../rig/test-program.ts';
import { allCases } from './all-cases.ts';
import type { FaultCase } from './FaultCase.ts';
import { Random } from './Random.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '5' },
    from: { type: 'string', default: '0' },
    only: { type: 'string', default: '' },
    program: { type: 'string' },
  },
});
if (values.program !== undefined) process.env[programVariable] = resolve(values.program);
const chosen = values.only.split(',').filter((word) => word !== '');
const [first, count] = [Number(values.from), Number(values.seeds)];
const rows: string[] = [];
let failures = 0;

const missing = await prepareEngine(new AbortController().signal);
if (missing !== null) {
  process.stdout.write(`${missing}\n`);
  process.exit(3);
}
for (const each of allCases) {
  if (chosen.length === 0 || chosen.includes(String(each.number))) await runCase(each);
}
process.stdout.write(
  `\n| case | what is done | what is audited besides | result | seconds |\n|---|---|---|---|---|\n${rows.join('\n')}\n`,
);
process.exitCode = failures === 0 ? 0 : 1;

async function runCase(each: FaultCase): Promise<void> {
  const { number, title, done, audited } = each;
  process.stdout.write(`${number} ${title}\n`);
  const lack = each.missing?.() ?? null;
  if (lack !== null) {
    process.stdout.write(`  cannot run here: ${lack}\n`);
    rows.push(`| ${number} ${title} | ${done} | ${audited} | not run: ${lack} | |`);
    return;
  }
  let passed = 0;
  const startedAt = performance.now();
  for (let seed = first; seed < first + count; seed++) {
    const runAt = performance.now();
    const seconds = () => ((performance.now() - runAt) / 1000).toFixed(1);
    try {
      const what = await each.run(new Random(seed), seed);
      process.stdout.write(`  ✔ seed ${seed}, ${seconds()} s: ${what}\n`);
      passed++;
    } catch (error) {
      failures++;
      process.stdout.write(`  ✘ seed ${seed}, ${seconds()} s\n${explain(error).replaceAll(/^/gm, '      ')}\n`);
    }
  }
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  rows.push(`| ${number} ${title} | ${done} | ${audited} | ${passed} of ${count} seeds | ${seconds} |`);
}

/** With the first cause first: what fails while cleaning up only comes after it. */
function explain(error: unknown): string {
  if (error instanceof SuppressedError)
    return `${explain(error.suppressed)}\nand while cleaning up: ${explain(error.error)}`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
