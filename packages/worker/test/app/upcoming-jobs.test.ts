import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JobRequest, UpcomingJob } from '@xx-pipeline/common';
import { jobRequest, ManualClock } from '@xx-pipeline/testing';
import { UpcomingJobs } from '../../src/app/UpcomingJobs.ts';
import { JobRunner, ScriptedExecutor } from '../../src/execution/index.ts';

const second = 1000;

/** Looking ahead over pretended containers; the backend says that `follows` follow. */
function rig(follows: readonly string[], slots = 2) {
  const clock = new ManualClock();
  const executor = new ScriptedExecutor({ clock });
  const runner = new JobRunner({
    executor,
    clock,
    dependencies: { getDependencies: async () => [] },
    artifacts: { save: () => Promise.reject(new Error('none')), open: async () => null },
  });
  const ask = async (): Promise<UpcomingJob[]> => follows.map((jobId) => upcoming(jobId));
  return { clock, executor, jobs: new UpcomingJobs({ runner, ask, slots, clock }) };
}

const upcoming = (jobId: string): UpcomingJob => ({
  jobId,
  jobName: jobId,
  pipelineExecutionId: 'run',
  attempt: 1,
  image: { name: 'busybox' },
  source: { kind: 'empty' },
  after: [],
});

const request = (jobId: string, special: Partial<JobRequest> = {}): JobRequest =>
  jobRequest({
    jobId,
    jobName: jobId,
    image: { name: 'busybox' },
    pipelineExecutionId: 'run',
    attempt: 1,
    token: 'token',
    source: { kind: 'empty' },
    ...special,
  });

/** Runs a job up to its script, as an attempt does. */
async function begin(jobs: UpcomingJobs, jobId: string): Promise<void> {
  jobs.entered(request(jobId));
  await jobs.look(request(jobId));
}

test('the container of a job that follows is there when the job comes, once', async () => {
  const { jobs, executor, clock } = rig(['b']);
  await begin(jobs, 'a');
  await clock.advance(second);
  jobs.entered(request('b'));
  jobs.left(request('a'), false);
  const prepared = jobs.take(request('b'));
  assert.ok(prepared);
  assert.equal(jobs.take(request('b')), undefined);
  assert.equal(executor.made, 1);
  await clock.runUntil(prepared.discard());
  executor.assertNothingLeft();
});

test('a job that has turned out otherwise does not get the container made for it', async () => {
  const { jobs, executor, clock } = rig(['b']);
  await begin(jobs, 'a');
  assert.equal(jobs.take(request('b', { image: { name: 'debian' } })), undefined);
  await clock.runUntil(jobs.close());
  executor.assertNothingLeft();
});

test('no more wait than one per slot and two, and what is here already gets none', async () => {
  const { jobs, executor, clock } = rig(['a', 'b', 'c', 'd', 'e', 'f', 'g']);
  await begin(jobs, 'a');
  await clock.advance(second);
  assert.equal(executor.made, 4);
  assert.equal(jobs.take(request('a')), undefined);
  await clock.runUntil(jobs.close());
  executor.assertNothingLeft();
});

test('a failure throws away what was made for the jobs behind it', async () => {
  const { jobs, executor, clock } = rig(['b', 'c']);
  await begin(jobs, 'a');
  await clock.advance(second);
  assert.equal(executor.living, 2);
  jobs.left(request('a'), true);
  await clock.advance(second);
  assert.equal(executor.living, 0);
});

test('a container that nobody comes for is thrown away half a minute after its run has done its last here', async () => {
  const { jobs, executor, clock } = rig(['b']);
  await begin(jobs, 'a');
  await clock.advance(600 * second);
  assert.equal(executor.living, 1, 'while the job before it runs it waits');
  jobs.left(request('a'), false);
  await clock.advance(29 * second);
  assert.equal(executor.living, 1);
  await clock.advance(2 * second);
  assert.equal(executor.living, 0);
  assert.equal(jobs.take(request('b')), undefined);
});

test('nothing is made when the worker takes no more jobs', async () => {
  const { jobs, executor, clock } = rig(['b']);
  await begin(jobs, 'a');
  await clock.runUntil(jobs.close());
  const { token: _, ...own } = request('own');
  jobs.entered(own);
  await jobs.look(own);
  await jobs.look(request('a'));
  await clock.advance(second);
  assert.equal(executor.living, 0);
});
