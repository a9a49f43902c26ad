import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { endingOfError } from '../../src/execution/attempt/JobEnding.ts';
import type { ScriptedStep } from '../../src/execution/index.ts';
import { JobRig } from './JobRig.ts';

const steps: readonly ScriptedStep[] = ['pull', 'prepare', 'putFiles', 'run', 'getFiles', 'listFiles', 'remove'];
const commands = [
  'print x',
  'warn y',
  'sleep 5',
  'hang',
  'exit 3',
  'write out/f 1',
  'oom',
  'break it',
  'flood 100000',
  'exit 0',
];

const hangingSteps: readonly ScriptedStep[] = [...steps.filter((step) => step !== 'pull'), 'stream', 'queue'];
const times = { queueMs: 100_000, prepareMs: 50_000, artifactsMs: 40_000, afterScriptMs: 30_000, cleanUpMs: 20_000 };

/** A job, the machinery it meets, and when a person interferes; times in seconds. */
const scenario = fc.record({
  script: fc.array(fc.constantFrom(...commands), { minLength: 1, maxLength: 4 }),
  afterScript: fc.array(fc.constantFrom(...commands), { maxLength: 2 }),
  when: fc.constantFrom('on_success' as const, 'on_failure' as const, 'always' as const),
  path: fc.constantFrom('out', 'out/*', '**', 'none'),
  delay: fc.dictionary(fc.constantFrom(...steps), fc.integer({ min: 0, max: 20_000 }), { noNullPrototype: true }),
  fail: fc.subarray([...steps], { maxLength: 1 }),
  hang: fc.oneof({ weight: 2, arbitrary: fc.constant(null) }, fc.constantFrom(...hangingSteps)),
  timeout: fc.integer({ min: 1, max: 60 }),
  cancelAt: fc.option(fc.integer({ min: 0, max: 60 })),
  killAt: fc.option(fc.integer({ min: 0, max: 60 })),
  slotAfter: fc.integer({ min: 0, max: 10 }),
  preparedBefore: fc.option(fc.integer({ min: 0, max: 20 })),
  dependency: fc.constantFrom('none' as const, 'SUCCESS' as const, 'FAILED' as const, 'RUNNING' as const),
});

const hanging = {
  script: ['hang'],
  afterScript: ['print x'],
  path: 'out' as const,
  fail: [],
  hang: null,
  timeout: 1,
  cancelAt: null,
  killAt: null,
  slotAfter: 0,
  preparedBefore: null,
  dependency: 'none' as const,
};

test('whatever happens to a job, also what never ends, it ends once, its container is removed and its slot given back', async () => {
  await fc.assert(
    fc.asyncProperty(scenario, async (given) => {
      const { delay, fail, hang } = given;
      const rig = new JobRig({ behave: { delay, fail, hang: hang === null ? [] : [hang] }, times });
      const request = {
        script: given.script,
        afterScript: given.afterScript,
        timeout: given.timeout,
        dependencyTimeout: 30,
        artifacts: { name: 'a', paths: [given.path], exclude: [], when: given.when },
        needs: given.dependency === 'none' ? [] : [{ jobId: 'd', jobName: 'd', artifacts: true }],
      };
      if (given.dependency !== 'none') {
        const { dependency: status } = given;
        rig.dependencies = () => [{ jobId: 'd', jobName: 'd', status, allowFailure: false }];
      }
      const prepared = given.preparedBefore === null ? undefined : rig.prepare(request);
      await rig.clock.advance((given.preparedBefore ?? 0) * 1000);
      let slots = 0;
      const acquireSlot = async () => {
        await rig.clock.sleep(given.slotAfter * 1000);
        slots++;
        return () => {
          slots--;
        };
      };
      const { job, done } = rig.start(request, { acquireSlot, ...(prepared && { prepared }) });
      const interfere = async (at: number | null, act: () => void) => {
        if (at !== null) await rig.clock.sleep(at * 1000);
        if (at !== null) act();
      };
      const interfering = [
        interfere(given.cancelAt, () => job.cancel.abort()),
        interfere(given.killAt, () => job.kill.abort()),
      ];
      const outcome = await rig.clock.runUntil(done);
      job.assertWellFormed(outcome);
      await rig.clock.runUntil(Promise.all(interfering));
      await rig.clock.advance(20_000);
      assert.equal(slots, 0, 'the slot was not given back');
      // What hangs holds its container, but nothing else.
      if (hang === null) rig.scripted.assertNothingLeft();
      assert.equal(rig.clock.sleeping, 0, 'a timer was left running');
      if (hang === null) await rig.scripted.close();
      // Nobody interfered and nothing took too long: then the ending is that of the commands.
      if (outcome.status === 'CANCELED') assert.ok(given.cancelAt !== null || given.killAt !== null);
      if (outcome.failureReason === 'dependency_failed') assert.equal(given.dependency, 'FAILED');
      if (outcome.status === 'SUCCESS') assert.equal(outcome.exitCode, 0);
      if (outcome.artifacts.length > 0) assert.ok(given.when !== 'on_failure' || outcome.status === 'FAILED');
    }),
    {
      numRuns: 250,
      // Met once by chance: scripts that outlive their KILL.
      examples: [
        [{ ...hanging, when: 'on_failure', delay: { run: 11_001 } }],
        [{ ...hanging, when: 'on_success', delay: { run: 10_001 }, killAt: 7, slotAfter: 7 }],
      ],
    },
  );
});

test('a full disk is a failure of the machinery that says what is wrong', () => {
  const refused = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  assert.deepEqual(endingOfError(refused), {
    kind: 'failed',
    reason: 'system_failure',
    message: 'the disk is full: ENOSPC: no space left on device, write',
  });
});

for (const [script, lastLine] of [
  ['print fine', 'Job succeeded'],
  ['exit 3', 'Job failed: exit code 3'],
] as const) {
  test(`when the outcome of ${script} is decided, its log is whole, however slowly it is taken`, async () => {
    const rig = new JobRig();
    let taken = '';
    let decidedWith: string | null = null;
    const { job, done } = rig.start(
      { script: [script] },
      {
        onEvent: async (event) => {
          await rig.clock.sleep(100);
          job.events.push(event);
          taken = job.log();
        },
        onDecided: () => {
          decidedWith = taken;
        },
      },
    );
    job.assertWellFormed(await rig.clock.runUntil(done));
    assert.match(String(decidedWith), new RegExp(`^${lastLine}`, 'm'));
    assert.equal(decidedWith, taken);
  });
}
