import assert from 'node:assert/strict';
import { test } from 'node:test';
import { zstdCompressSync } from 'node:zlib';
import type { JobOutcome } from '@xx-pipeline/common';
import type { ScriptedStep } from '../../src/execution/index.ts';
import { JobRig } from './JobRig.ts';

const artifacts = { name: 'a', paths: ['out'], exclude: [], when: 'always' as const };
const needs = [{ jobId: 'first', jobName: 'first', artifacts: true }];
const times = { prepareMs: 900_000, queueMs: 900_000, artifactsMs: 600_000, cleanUpMs: 60_000 };

/** A job whose container hangs in one step, until its end. */
async function hangIn(step: ScriptedStep, request: Parameters<JobRig['start']>[0] = {}) {
  const rig = new JobRig({ behave: { hang: [step] }, times });
  const { job, done } = rig.start(request);
  const outcome = await rig.clock.runUntil(done);
  job.assertWellFormed(outcome);
  assert.equal(rig.clock.sleeping, 0, 'a timer was left running');
  return { job, outcome };
}

function assertFailed(outcome: JobOutcome, reason: string, message: string): void {
  assert.deepEqual([outcome.failureReason, outcome.failureMessage], [reason, message]);
}

test('a container that is never ready ends with its job’s time, or with the time for preparing', async () => {
  const short = await hangIn('prepare', { timeout: 60 });
  assertFailed(short.outcome, 'timeout', 'timed out after 1 min');
  const long = await hangIn('prepare', { timeout: 86_400 });
  assertFailed(long.outcome, 'system_failure', 'container not ready within 15 min');
  assert.deepEqual(long.job.warnings, ['clean-up did not end within 1 min: a container may be left']);
});

test('a container that stays in the queue of its engine is given up', async () => {
  const { outcome } = await hangIn('queue', { timeout: 60 });
  assertFailed(outcome, 'system_failure', 'container not started by its engine within 15 min');
});

for (const part of ['archive', 'stream of an archive'] as const) {
  test(`a needed ${part} that never comes fails the job`, async () => {
    const silent = async function* () {
      yield zstdCompressSync(Buffer.alloc(1000)).subarray(0, 8);
      await new Promise(() => {});
    };
    const open = async () => (part === 'archive' ? new Promise<null>(() => {}) : silent());
    const rig = new JobRig({ artifacts: { save: () => Promise.reject(new Error('not here')), open }, times });
    rig.dependencies = () => [{ jobId: 'first', jobName: 'first', status: 'SUCCESS', allowFailure: false }];
    const { job, done } = rig.start({ needs, timeout: 86_400 });
    const outcome = await rig.clock.runUntil(done);
    job.assertWellFormed(outcome);
    assertFailed(outcome, 'system_failure', 'artifacts of needed jobs not unpacked within 10 min');
  });
}

test('a workspace that never takes files fails the job', async () => {
  const rig = new JobRig({ behave: { hang: ['putFiles'] }, times });
  rig.dependencies = () => [{ jobId: 'first', jobName: 'first', status: 'SUCCESS', allowFailure: false }];
  rig.artifacts.stored.set('first', Buffer.alloc(0));
  const { job, done } = rig.start({ needs, timeout: 86_400 });
  const outcome = await rig.clock.runUntil(done);
  job.assertWellFormed(outcome);
  assertFailed(outcome, 'system_failure', 'artifacts of needed jobs not unpacked within 10 min');
});

test('a script that never ends is given up after its job’s time, and its container is only removed', async () => {
  const { job, outcome } = await hangIn('run', { timeout: 60, artifacts, afterScript: ['print no'] });
  assertFailed(outcome, 'timeout', 'timed out after 1 min');
  assert.equal(outcome.timings.script, 80_000);
  assert.equal(job.log('stdout'), '');
  assert.deepEqual(job.warnings, [
    'skipping after_script: the script could not be stopped',
    'skipping artifacts: the script could not be stopped',
  ]);
});

for (const step of ['listFiles', 'getFiles', 'stream'] as const) {
  const paths = step === 'listFiles' ? ['out/*'] : ['out'];
  const request = (last: string) => ({
    script: [`write out/f ${'x'.repeat(20_000)}`, last],
    artifacts: { ...artifacts, paths },
  });
  test(`artifacts that never end in ${step} fail a job that succeeded, and warn of one that did not`, async () => {
    const good = await hangIn(step, request('true'));
    assertFailed(good.outcome, 'system_failure', 'artifacts not stored within 10 min');
    assert.equal(good.outcome.timings.artifacts, 600_000);
    const bad = await hangIn(step, request('exit 3'));
    assert.equal(bad.outcome.failureReason, 'script_failure');
    assert.deepEqual(bad.job.warnings, ['artifacts failed: artifacts not stored within 10 min']);
  });
}

test('a store that never takes the archive fails the job', async () => {
  const save = () => new Promise<never>(() => {});
  const rig = new JobRig({ artifacts: { save, open: async () => null }, times });
  const { outcome } = await rig.run({ script: ['write out/f 1'], artifacts });
  assertFailed(outcome, 'system_failure', 'artifacts not stored within 10 min');
});

test('a container that is never removed holds neither its job nor its slot', async () => {
  const { job, outcome } = await hangIn('remove');
  assert.equal(outcome.status, 'SUCCESS');
  assert.deepEqual(job.warnings, ['clean-up did not end within 1 min: a container may be left']);
});

test('a receiver that is slow to record the beginning of a script does not hold it beyond the job’s time', async () => {
  const rig = new JobRig();
  const { job, done } = rig.start(
    { timeout: 60, script: ['print no'] },
    {
      onEvent: async (event) => {
        if (event.type === 'phase' && event.phase === 'script') await rig.clock.sleep(120_000);
        job.events.push(event);
      },
    },
  );
  const outcome = await rig.clock.runUntil(done);
  job.assertWellFormed(outcome);
  assertFailed(outcome, 'timeout', 'timed out after 1 min');
  assert.equal(outcome.timings.script, 60_000);
});
