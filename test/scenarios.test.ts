import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { checkExpectation } from './rig/check-expectation.ts';
import type { Expectation } from './rig/Expectation.ts';
import { Rig } from './rig/Rig.ts';

// Each folder of test/scenarios is a repository and what must come of its pipeline; test/scenarios/README.md.
const folder = join(import.meta.dirname, 'scenarios');
const scenarios = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());

suite('scenarios, run locally', { concurrency: 3 }, () => {
  for (const { name } of scenarios) {
    const expected = JSON.parse(readFileSync(join(folder, name, 'expect.json'), 'utf8')) as Expectation;
    test(`${name}: ${expected.title}`, async () => {
      await using rig = await Rig.copyOf(join(folder, name));
      if (expected.valid && !expected.lint_only) await runs(rig, expected);
      else await checks(rig, expected);
    });
  }
});

async function checks(rig: Rig, expected: Expectation): Promise<void> {
  const check = await rig.xx('check');
  if (expected.valid) {
    assert.equal(check.code, 0, check.stdout + check.stderr);
    return;
  }
  if (expected.fails_at === 'lint') assert.equal(check.code, 2, check.stdout + check.stderr);
  const run = await rig.xx('run', '--local', ...variables(expected));
  assert.equal(run.code, 2, run.stdout + run.stderr);
  for (const piece of expected.says ?? []) {
    assert.ok(run.stderr.includes(piece), `no ${JSON.stringify(piece)} in:\n${run.stderr}`);
  }
}

async function runs(rig: Rig, expected: Expectation): Promise<void> {
  const run = await rig.xx('run', '--local', '-o', 'json', ...variables(expected));
  if (expected.pipeline === 'not_created') {
    assert.equal(run.code, 0, run.stderr);
    assert.equal((JSON.parse(run.stdout) as { status: string }).status, 'NOT_CREATED');
    return;
  }
  assert.equal(run.code, expected.pipeline === 'failed' ? 1 : 0, run.stdout + run.stderr);
  for (const secret of Object.values(expected.secrets ?? {})) assert.ok(!(run.stdout + run.stderr).includes(secret));
  const [stored] = await rig.reports();
  assert.ok(stored, 'no report');
  assert.deepEqual(JSON.parse(run.stdout), stored.report, 'the printed report is the stored one');
  await checkExpectation(expected, stored.report, async (job) =>
    job.log === null ? '' : await readFile(join(stored.directory, job.log), 'utf8'),
  );
}

function variables(expected: Expectation): readonly string[] {
  const given = (option: string, values: Readonly<Record<string, string>> = {}) =>
    Object.entries(values).flatMap(([key, value]) => [option, `${key}=${value}`]);
  return [...given('--var', expected.variables), ...given('--secret', expected.secrets)];
}
