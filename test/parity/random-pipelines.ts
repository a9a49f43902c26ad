import assert from 'node:assert/strict';
import fc from 'fast-check';
import { differencesOf } from '../../packages/cli/src/setup/compare-reports.ts';
import { RemoteRig } from '../../packages/cli/test/remote/RemoteRig.ts';
import { runOnScriptedMachine } from '../../packages/cli/test/remote/run-on-scripted-machine.ts';

const stages = ['build', 'test', 'deploy'];

const commands = ['print hello', 'warn careful', 'exit 3', 'exit 137', 'fail', 'oom', 'write out/f x', 'read out/f'];

/** One job; which of the jobs before it are needed is drawn as places, so that there is never a cycle. */
const job = fc.record({
  stage: fc.constantFrom(...stages),
  script: fc.array(fc.oneof({ weight: 3, arbitrary: fc.constant('print on') }, fc.constantFrom(...commands)), {
    minLength: 1,
    maxLength: 3,
  }),
  afterScript: fc.option(fc.constantFrom('print after', 'fail')),
  when: fc.oneof(
    { weight: 5, arbitrary: fc.constant('on_success') },
    fc.constantFrom('on_failure', 'always', 'manual', 'delayed'),
  ),
  allowFailure: fc.option(fc.constantFrom<unknown>(true, false, { exit_codes: 3 }, { exit_codes: [1, 137] })),
  retry: fc.option(
    fc.constantFrom<unknown>(
      1,
      2,
      { max: 1, when: 'script_failure' },
      { max: 2, exit_codes: 3 },
      { max: 1, when: 'runner_system_failure' },
    ),
  ),
  keeps: fc.option(fc.constantFrom('on_success', 'on_failure', 'always')),
  needs: fc.option(
    fc.array(fc.record({ place: fc.nat(9), optional: fc.boolean(), artifacts: fc.boolean() }), { maxLength: 3 }),
  ),
  parallel: fc.option(fc.constant(2), { freq: 8 }),
});

type Job = typeof job extends fc.Arbitrary<infer Drawn> ? Drawn : never;

/** Pipelines that do not depend on which of two jobs is quicker: with one slot they run one after the other. */
export const randomPipeline: fc.Arbitrary<string> = fc
  .array(job, { minLength: 1, maxLength: 7 })
  .map((jobs) => JSON.stringify({ stages, image: 'busybox:latest', ...Object.fromEntries(jobs.map(asYaml)) }));

function asYaml(drawn: Job, index: number, all: readonly Job[]): [string, unknown] {
  const { stage, script, afterScript, when, allowFailure, retry, keeps, needs, parallel } = drawn;
  // Of the same or an earlier stage: what is needed of a later one is refused.
  const possible = all
    .slice(0, index)
    .flatMap((other, place) => (stages.indexOf(other.stage) <= stages.indexOf(stage) ? [place] : []));
  const places = new Map((needs ?? []).map((need) => [possible[need.place % Math.max(1, possible.length)], need]));
  places.delete(undefined);
  return [
    `job-${index}`,
    {
      stage,
      script,
      when,
      ...(when === 'delayed' && { start_in: '1 second' }),
      ...(afterScript !== null && { after_script: [afterScript] }),
      ...(allowFailure !== null && { allow_failure: allowFailure }),
      ...(retry !== null && { retry }),
      ...(keeps !== null && { artifacts: { paths: ['out'], when: keeps } }),
      ...(parallel !== null && { parallel }),
      ...(needs !== null && {
        needs: [...places].map(([place, { optional, artifacts }]) => ({ job: `job-${place}`, optional, artifacts })),
      }),
    },
  ];
}

/** Runs pipelines here and on a server: what the reports say must be the same. */
export async function compareRandomPipelines(runs: number, database?: string): Promise<void> {
  const options = { slots: 1, ...(database === undefined ? {} : { database }) };
  await using rig = await RemoteRig.start({ '.xx-pipeline.yml': '' }, options);
  await fc.assert(
    fc.asyncProperty(randomPipeline, async (pipeline) => {
      await rig.write({ '.xx-pipeline.yml': pipeline });
      const local = await runOnScriptedMachine(rig.repository, rig.directory, 1);
      const remote = await rig.run(['run', '-o', 'json']);
      assert.match(remote.stdout, /^\{/, remote.stderr);
      assert.deepEqual(differencesOf(local.report, JSON.parse(remote.stdout)), [], `local, server\n${pipeline}`);
    }),
    { numRuns: runs, interruptAfterTimeLimit: 240_000, endOnFailure: true },
  );
}
