import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type JobRequest, systemClock } from '@xx-pipeline/common';
import { jobRequest } from '@xx-pipeline/testing';
import { JobRunner } from '../../src/execution/index.ts';
import { DockerRig } from '../docker/rig.ts';
import { FollowedJob, MemoryArtifacts } from './JobRig.ts';

/** A runner over a real engine; `run` ends one job and checks what holds for every one. */
async function dockerRunner(rig: DockerRig) {
  const artifacts = new MemoryArtifacts();
  const runner = new JobRunner({
    executor: await rig.executor(),
    clock: systemClock,
    artifacts,
    dependencies: {
      getDependencies: async () => [{ jobId: 'maker', jobName: 'maker', status: 'SUCCESS', allowFailure: false }],
    },
    times: { graceMs: 500 },
  });
  const start = (request: Partial<JobRequest>) => {
    const job = new FollowedJob();
    const done = runner.runJob(jobRequest(request), job.options());
    return { job, done };
  };
  const run = async (request: Partial<JobRequest>) => {
    const { job, done } = start(request);
    const outcome = await done;
    job.assertWellFormed(outcome);
    return { job, outcome };
  };
  return { start, run, artifacts };
}

/** Resolves when standard output of a job holds a text. */
async function saw(job: FollowedJob, text: string): Promise<void> {
  const signal = AbortSignal.timeout(30_000);
  while (!job.log('stdout').includes(text)) await systemClock.sleep(5, signal);
}

test('both streams of a job are captured, and its commands share one shell', async () => {
  await using rig = await DockerRig.make();
  const { run } = await dockerRunner(rig);
  const script = ['cd /tmp', 'X=1', 'echo "out $PWD $X $Y"', 'echo err >&2', 'cat'];
  const { job, outcome } = await run({ script, variables: [{ name: 'Y', value: "it's\n2" }] });
  assert.equal(outcome.status, 'SUCCESS', outcome.failureMessage ?? '');
  assert.equal(job.log('stdout'), "out /tmp 1 it's\n2\n");
  assert.equal(job.log('stderr'), 'err\n');
  assert.deepEqual(job.commands, [0, 1, 2, 3, 4]);
});

test('the second of three commands fails: the third does not run, after_script does', async () => {
  await using rig = await DockerRig.make();
  const { run } = await dockerRunner(rig);
  const { job, outcome } = await run({
    script: ['echo one > file', 'sh -c "exit 7"', 'echo three'],
    afterScript: ['cat file', 'echo "$CI_JOB_STATUS in $PWD"', 'false'],
  });
  assert.equal(outcome.exitCode, 7);
  assert.equal(outcome.failureReason, 'script_failure');
  assert.match(outcome.failureMessage ?? '', /command 2 of 3/);
  assert.equal(job.log('stdout'), 'one\nfailed in /workspace\n');
  assert.match(job.warnings.join(), /after_script failed with exit code 1/);
});

test('a syntax error fails its command in the container too', async () => {
  await using rig = await DockerRig.make();
  const { run } = await dockerRunner(rig);
  const { job, outcome } = await run({ script: ['echo one', 'echo "open', 'echo three'] });
  assert.equal(outcome.failureReason, 'script_failure');
  assert.deepEqual(job.commands, [0, 1]);
  assert.equal(job.log('stdout'), 'one\n');
});

test('a job that outlives its timeout is ended, even when it ignores TERM', async () => {
  await using rig = await DockerRig.make();
  const { run } = await dockerRunner(rig);
  const { outcome } = await run({ script: ['trap "" TERM', 'echo on', 'while :; do sleep 1; done'], timeout: 2 });
  assert.equal(outcome.failureReason, 'timeout');
  assert.ok(outcome.timings.script >= 500 && outcome.timings.script < 20_000);
});

test('a canceled job gets TERM, then its after_script runs', async () => {
  await using rig = await DockerRig.make();
  const { start } = await dockerRunner(rig);
  const { job, done } = start({ script: ['echo started', 'sleep 1000'], afterScript: ['echo "$CI_JOB_STATUS"'] });
  await saw(job, 'started');
  job.cancel.abort();
  const outcome = await done;
  job.assertWellFormed(outcome);
  assert.equal(outcome.status, 'CANCELED');
  assert.equal(job.log('stdout'), 'started\ncanceled\n');
});

test('a killed job ends at once', async () => {
  await using rig = await DockerRig.make();
  const { start } = await dockerRunner(rig);
  const { job, done } = start({ script: ['trap "" TERM', 'echo started', 'sleep 1000'], afterScript: ['echo no'] });
  await saw(job, 'started');
  job.kill.abort();
  const outcome = await done;
  assert.equal(outcome.status, 'CANCELED');
  assert.equal(job.log('stdout'), 'started\n');
});

test('artifacts are kept although files beside them are not, and links out of the workspace break no job', async () => {
  await using rig = await DockerRig.make();
  const { run } = await dockerRunner(rig);
  const fill = 'for i in $(seq 1 20); do head -c 40000 /dev/zero > d/$i.log; head -c 40000 /dev/zero > d/$i.tmp; done';
  const made = await run({
    jobId: 'maker',
    script: ['mkdir d', fill, 'ln -s 1.log d/inside && ln -s ../../bin/sh d/outside'],
    artifacts: { name: 'made', paths: ['d/*.log', 'd/*side'], exclude: [], when: 'on_success' },
  });
  assert.equal(made.outcome.status, 'SUCCESS', made.outcome.failureMessage ?? '');
  const needs = [{ jobId: 'maker', jobName: 'maker', artifacts: true }];
  const { job, outcome } = await run({ needs, script: ['ls d | wc -l', 'ls d/*side'] });
  assert.equal(outcome.status, 'SUCCESS', outcome.failureMessage ?? '');
  assert.equal(job.log('stdout'), '21\nd/inside\n');
  assert.equal(job.warnings.length, 1, job.warnings.join());
});

test('artifacts reach a job that needs them, with their modes and links', async () => {
  await using rig = await DockerRig.make();
  const { run } = await dockerRunner(rig);
  const made = await run({
    jobId: 'maker',
    script: [
      'mkdir -p out/deep && echo hello > out/deep/file && echo "#!/bin/sh" > out/tool && chmod 755 out/tool',
      'ln -s deep/file out/link && ln out/deep/file out/hard && echo no > out/junk.log && touch .hidden',
    ],
    artifacts: { name: 'made', paths: ['out', '*hidden', 'none'], exclude: ['**/*.log'], when: 'on_success' },
  });
  assert.equal(made.outcome.status, 'SUCCESS', made.outcome.failureMessage ?? '');
  assert.equal(made.outcome.artifacts.length, 1);
  assert.deepEqual(made.job.warnings, [...(await rig.fallbackWarnings()), 'artifacts: no files match "none"']);
  const used = await run({
    jobId: 'user',
    needs: [{ jobId: 'maker', jobName: 'maker', artifacts: true }],
    script: ['cat out/link out/hard', 'test -x out/tool', 'test -L out/link', 'ls -A . out'],
  });
  assert.equal(used.outcome.status, 'SUCCESS', used.job.log());
  assert.equal(used.job.log('stdout'), 'hello\nhello\n.:\n.hidden\nout\n\nout:\ndeep\nhard\nlink\ntool\n');
});

test('artifacts of a failed job are kept only when they are wanted', async () => {
  await using rig = await DockerRig.make();
  const { run, artifacts } = await dockerRunner(rig);
  for (const when of ['on_success', 'on_failure', 'always'] as const) {
    const request = { name: 'a', paths: ['f'], exclude: [], when };
    await run({ jobId: `bad-${when}`, script: ['touch f', 'false'], artifacts: request });
    await run({ jobId: `good-${when}`, script: ['touch f'], artifacts: request });
  }
  assert.deepEqual([...artifacts.stored.keys()].sort(), [
    'bad-always',
    'bad-on_failure',
    'good-always',
    'good-on_success',
  ]);
});

test('secrets do not show, also when a job prints them in pieces or traces itself', async () => {
  await using rig = await DockerRig.make();
  const { run } = await dockerRunner(rig);
  const { job } = await run({
    script: ['printf hunt; sleep 0.2; echo er22', 'echo $TOKEN >&2', 'set -x; echo $TOKEN', 'echo -n $TOKEN | base64'],
    variables: [{ name: 'TOKEN', value: 'hunter22', secret: true }],
  });
  assert.equal(job.log('stdout').replace(/\[MASKED\].*/g, '[MASKED]'), '[MASKED]\n[MASKED]\n[MASKED]\n');
  assert.ok(!job.log().includes('hunter22'));
});

test('a container made ahead runs its job', async () => {
  await using rig = await DockerRig.make();
  const executor = await rig.executor();
  const runner = new JobRunner({
    executor,
    clock: systemClock,
    artifacts: new MemoryArtifacts(),
    dependencies: { getDependencies: async () => [] },
  });
  const request = jobRequest({ script: ['echo ahead'] });
  const unused = runner.prepare(jobRequest({ jobId: 'unused' }), { runsAfter: [] });
  const prepared = runner.prepare(request);
  const job = new FollowedJob();
  const outcome = await runner.runJob(request, job.options({ prepared }));
  await unused.discard();
  assert.equal(outcome.status, 'SUCCESS');
  assert.equal(job.log('stdout'), 'ahead\n');
});
