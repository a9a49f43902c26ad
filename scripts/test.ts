// Runs every test there is, real Docker included: `npm test`. `npm test -- WORD …` runs files whose path has a WORD.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import process from 'node:process';
import { programVariable } from '../test/rig/test-program.ts';
import type { TestOutcome } from './testing/event-reporter.ts';
import { findTests, needsPostgres } from './testing/find-tests.ts';
import { type InstalledPackage, installPackage } from './testing/install-package.ts';
import { type PreparedPostgres, postgresVariable, preparePostgres } from './testing/postgres/prepare-postgres.ts';
import { prepareEngine } from './testing/prepare-engine.ts';
import { preparePrograms } from './testing/prepare-programs.ts';
import { TestRun } from './testing/TestRun.ts';

const root = join(import.meta.dirname, '..');
const minutes = 60_000;

const { quick, postgres, real } = findTests(root, process.argv.slice(2));
const scratch = mkdtempSync(join(tmpdir(), 'xx-test-'));
// Some tests act as another user.
chmodSync(scratch, 0o755);
const interrupted = new AbortController();
const runs = new Set<TestRun>();
let installed: InstalledPackage | null = null;
let database: PreparedPostgres | null = null;
let preparing: Promise<PreparedPostgres | string> | null = null;
let passed = 0;
let failed = 0;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    interrupted.abort();
    for (const run of runs) run.kill();
    rmSync(scratch, { recursive: true, force: true });
    void stopPostgres().finally(() => process.exit(130));
  });
}

if (quick.length > 0) {
  // Two processes for two cores; neighbours in the list are alike in length.
  const halves = [quick.filter((_, index) => index % 2 === 0), quick.filter((_, index) => index % 2 === 1)];
  await phase('without Docker', halves, 'none', { test: 1 * minutes, all: 4 * minutes });
}
if (postgres.length > 0 || real.some(needsPostgres)) {
  preparing = preparePostgres(interrupted.signal);
  const prepared = await preparing;
  if (typeof prepared === 'string') fail('the tests that need PostgreSQL cannot run', prepared);
  else database = prepared;
}
if (postgres.length > 0 && database !== null) {
  await phase('with PostgreSQL', [postgres], 'process', { test: 1 * minutes, all: 6 * minutes });
}
if (real.length > 0) {
  const missing = (await prepareEngine(interrupted.signal)) ?? (await preparePrograms(real, interrupted.signal));
  if (missing === null) {
    installed = await installPackage(join(scratch, 'package'), interrupted.signal);
    await phase('with Docker and real processes', [real], 'process', { test: 3 * minutes, all: 20 * minutes });
  } else {
    fail('the tests that need Docker cannot run', missing);
  }
}
if (passed + failed === 0) fail('no test found', process.argv.slice(2).join(' '));

await stopPostgres();
rmSync(scratch, { recursive: true, force: true });
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;

async function phase(
  title: string,
  groups: readonly (readonly string[])[],
  isolation: 'none' | 'process',
  deadlines: { readonly test: number; readonly all: number },
): Promise<void> {
  const startedAt = performance.now();
  const slow: TestOutcome[] = [];
  let count = 0;
  const ended = groups
    .filter((files) => files.length > 0)
    .map(async (files) => {
      const run = new TestRun({
        files: files.map((file) => join(root, file)),
        isolation,
        env: {
          ...process.env,
          TMPDIR: scratch,
          FORCE_COLOR: undefined,
          NO_COLOR: '1',
          ...(database !== null && { [postgresVariable]: database.url }),
          ...(installed !== null && { [programVariable]: installed.program }),
        },
        testDeadline: deadlines.test,
        deadline: deadlines.all,
        finished: (test) => {
          if (test.suite) return;
          count++;
          if (test.result === 'passed') passed++;
          else
            fail(
              `${relative(root, test.file)}:${test.line} ${test.name}`,
              test.error ?? 'skipped or to do: not allowed here',
            );
          if (test.milliseconds > 5000) slow.push(test);
        },
      });
      runs.add(run);
      for (const problem of await run.ended()) fail(`${title}: ${files.length} files`, problem);
      runs.delete(run);
    });
  await Promise.all(ended);
  // What has been killed has nothing to tell; the one who interrupted ends this process.
  if (interrupted.signal.aborted) await new Promise(() => undefined);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  process.stdout.write(`${title}: ${count} tests in ${seconds} s\n`);
  for (const test of slow.toSorted((a, b) => b.milliseconds - a.milliseconds).slice(0, 5)) {
    process.stdout.write(
      `  slow: ${(test.milliseconds / 1000).toFixed(1)} s ${relative(root, test.file)} ${test.name}\n`,
    );
  }
}

async function stopPostgres(): Promise<void> {
  const prepared = await preparing;
  if (prepared !== null && typeof prepared !== 'string') await prepared.stop();
}

function fail(what: string, why: string): void {
  failed++;
  process.stdout.write(`✘ ${what}\n${why.replaceAll(/^/gm, '    ')}\n`);
}
