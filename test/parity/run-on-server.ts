import assert from 'node:assert/strict';
import { text } from 'node:stream/consumers';
import type { Report } from '@xx-pipeline/common';
import { differencesOf } from '../../packages/cli/src/setup/compare-reports.ts';
import { checkExpectation } from '../rig/check-expectation.ts';
import type { Expectation } from '../rig/Expectation.ts';
import { Rig } from '../rig/Rig.ts';
import type { ServiceRig } from '../rig/ServiceRig.ts';
import type { Scenario } from './scenarios.ts';

/**
 * Runs a scenario with `xx run` on a server and compares what comes of it with what the scenario expects; and with a
 * local run, if that is asked for: the reports must not differ in anything but ids, times and paths.
 */
export async function runOnServer(
  services: ServiceRig,
  { folder, expected }: Scenario,
  { comparedWithLocal }: { readonly comparedWithLocal: boolean },
): Promise<void> {
  await using rig = await Rig.copyOf(folder);
  const report = await run(rig, services, expected);
  if (report === null) return;
  await checkExpectation(expected, report, async (job) => {
    const attempt = job.attempts.at(-1)?.number;
    if (attempt === undefined) return '';
    const { body } = await services.api.readLog({ params: { jobId: job.id }, query: { attempt } });
    return await text(body);
  });
  if (!comparedWithLocal) return;
  await rig.xx('run', '--local', '-o', 'json', ...variables(expected));
  assert.deepEqual(differencesOf(await rig.report(), report), [], 'local, server');
}

async function run(rig: Rig, services: ServiceRig, expected: Expectation): Promise<Report | null> {
  const args = ['run', '-o', 'json', ...variables(expected)];
  const { code, stdout, stderr } = await rig.start(args, { env: services.clientEnvironment }).ended();
  for (const secret of Object.values(expected.secrets ?? {})) assert.ok(!(stdout + stderr).includes(secret));
  if (!expected.valid) {
    assert.equal(code, 2, stdout + stderr);
    for (const piece of expected.says ?? [])
      assert.ok(stderr.includes(piece), `no ${JSON.stringify(piece)} in:\n${stderr}`);
    return null;
  }
  if (expected.pipeline === 'not_created') {
    assert.equal(code, 0, stderr);
    assert.equal((JSON.parse(stdout) as { status: string }).status, 'NOT_CREATED');
    return null;
  }
  assert.equal(code, expected.pipeline === 'failed' ? 1 : 0, stdout + stderr);
  return JSON.parse(stdout) as Report;
}

function variables(expected: Expectation): readonly string[] {
  const given = (option: string, values: Readonly<Record<string, string>> = {}) =>
    Object.entries(values).flatMap(([key, value]) => [option, `${key}=${value}`]);
  return [...given('--var', expected.variables), ...given('--secret', expected.secrets)];
}
