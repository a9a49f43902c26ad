import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import type { JobOutcome } from '@xx-pipeline/common';
import { jobRequest, ManualClock } from '@xx-pipeline/testing';
import { Fence } from '../../src/app/fencing/Fence.ts';
import { FencedClock } from '../../src/app/fencing/FencedClock.ts';
import { FencedExecutor } from '../../src/app/fencing/FencedExecutor.ts';
import { type ExecutorTraits, JobRunner, type ScriptedBehaviour, ScriptedExecutor } from '../../src/execution/index.ts';

const quiet = { info: () => {}, warn: () => {}, error: () => {} };
const leaseMs = 45_000;

/** Jobs of a scripted executor behind a fence, on a clock that is moved by hand. */
class FencedRig implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly said: string[] = [];
  readonly lost: string[] = [];
  readonly printed: string[] = [];
  readonly fence: Fence;
  readonly executor: ScriptedExecutor;
  readonly #runner: JobRunner;
  readonly #stop = new AbortController();
  readonly #kill = new AbortController();
  readonly #running: Promise<void>;

  constructor(behaviour: ScriptedBehaviour = {}, traits: Partial<ExecutorTraits> = {}) {
    const { clock } = this;
    this.fence = new Fence({ clock, machineTime: () => clock.now(), log: quiet, renewed: () => {} });
    this.executor = new ScriptedExecutor({ clock, behave: () => behaviour, traits });
    const executor = new FencedExecutor({
      executor: this.executor,
      fence: this.fence,
      guard: null,
      jobs: {
        say: (_jobId, _attempt, line) => this.said.push(line),
        lose: (_jobId, _attempt, reason) => {
          this.lost.push(reason);
          this.#kill.abort();
        },
      },
    });
    const dependencies = { getJobDependencies: async () => [], getJobStatus: async () => 'SUCCESS' as const };
    const artifacts = { save: () => Promise.reject(new Error('none')), open: async () => null };
    const parts = { dependencies, artifacts } as unknown as ConstructorParameters<typeof JobRunner>[0];
    this.#runner = new JobRunner({ ...parts, executor, clock: new FencedClock(clock, this.fence) });
    this.#running = this.fence.run(this.#stop.signal);
  }

  /** The backend has answered a heartbeat sent now. */
  async heard(isOurs = true): Promise<void> {
    this.fence.renew({ since: this.clock.now(), leaseMs, onlyBackend: false });
    await this.fence.open(() => isOurs);
    await this.clock.advance(0);
  }

  run(script: string[], timeout = 3600): Promise<JobOutcome> {
    const request = jobRequest({ jobId: randomUUID(), script, timeout });
    return this.#runner.runJob(request, {
      signal: new AbortController().signal,
      kill: this.#kill.signal,
      onEvent: (event) => {
        if (event.type === 'log' && event.chunk.stream === 'stdout') this.printed.push(String(event.chunk.bytes));
      },
    });
  }

  kill(): void {
    this.#kill.abort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
    this.executor.assertNothingLeft();
  }
}

test('a job stops five seconds before its lease can end, and goes on when the backend has answered', async () => {
  await using rig = new FencedRig();
  await rig.heard();
  const job = rig.run(['print one', 'sleep 60', 'print two']);
  await rig.clock.advance(39_000);
  assert.equal(rig.fence.isOpen, true);
  await rig.clock.advance(1000);
  assert.equal(rig.fence.isOpen, false);
  await rig.clock.advance(100_000);
  assert.deepEqual(rig.printed, ['one\n']);
  await rig.heard();
  await rig.clock.advance(0);
  assert.equal((await job).status, 'SUCCESS');
  assert.deepEqual(rig.printed, ['one\n', 'two\n']);
  assert.deepEqual(rig.said, ['paused: this worker has no contact with the server', 'goes on after 100 s']);
});

test('heartbeats that are answered keep a job going', async () => {
  await using rig = new FencedRig();
  await rig.heard();
  const job = rig.run(['sleep 300', 'print end']);
  for (let beat = 0; beat < 31; beat++) {
    await rig.clock.advance(10_000);
    await rig.heard();
  }
  assert.equal((await job).status, 'SUCCESS');
  assert.deepEqual(rig.said, []);
});

test('the time in which a job is paused does not count for its timeout', async () => {
  await using rig = new FencedRig();
  await rig.heard();
  const job = rig.run(['sleep 50', 'sleep 20', 'print end'], 75);
  await rig.clock.advance(1000_000);
  await rig.heard();
  await rig.clock.advance(25_000);
  await rig.heard();
  assert.equal((await job).status, 'SUCCESS');
});

test('a job that hangs times out, some time after it went on', async () => {
  await using rig = new FencedRig();
  await rig.heard();
  const job = rig.run(['hang'], 60);
  await rig.clock.advance(100_000);
  await rig.heard();
  await rig.clock.advance(19_000);
  await rig.heard();
  assert.deepEqual(rig.executor.running, 1);
  await rig.clock.advance(35_000);
  assert.equal((await job).failureReason, 'timeout');
});

test('no container is made before the backend has answered', async () => {
  await using rig = new FencedRig();
  const job = rig.run(['print one']);
  await rig.clock.advance(60_000);
  assert.equal(rig.executor.made, 0);
  await rig.heard();
  assert.equal((await job).status, 'SUCCESS');
});

test('a script whose container is ready only when the lease has ended does not begin', async () => {
  await using rig = new FencedRig({ delay: { prepare: 50_000 } });
  await rig.heard();
  const job = rig.run(['print one']);
  await rig.clock.advance(60_000);
  assert.equal(rig.executor.made, 1);
  assert.deepEqual(rig.printed, []);
  await rig.heard();
  assert.equal((await job).status, 'SUCCESS');
});

test('what is no longer ours stays paused, and is killed so', async () => {
  await using rig = new FencedRig();
  await rig.heard();
  const job = rig.run(['sleep 10', 'print one', 'sleep 60', 'print two']);
  await rig.clock.advance(100_000);
  await rig.heard(false);
  await rig.clock.advance(10_000);
  assert.deepEqual(rig.printed, ['one\n']);
  rig.kill();
  await rig.clock.advance(0);
  assert.equal((await job).status, 'CANCELED');
  assert.deepEqual(rig.printed, ['one\n']);
});

test('a container that cannot be paused is ended', async () => {
  await using rig = new FencedRig({ fail: ['pause'] });
  await rig.heard();
  const job = rig.run(['sleep 3600', 'print end']);
  await rig.clock.advance(42_000);
  assert.equal((await job).status, 'CANCELED');
  assert.match(rig.lost[0] ?? '', /^without contact with the backend it must not go on, and it cannot be paused/);
});

test('an executor that cannot pause has its containers ended when the lease ends', async () => {
  await using rig = new FencedRig({}, { canPause: false });
  await rig.heard();
  const job = rig.run(['sleep 3600', 'print end']);
  await rig.clock.advance(41_000);
  assert.equal((await job).status, 'CANCELED');
  assert.match(rig.lost[0] ?? '', /its executor cannot pause it/);
});

test('an answer that comes when its lease has ended opens nothing', async () => {
  await using rig = new FencedRig();
  rig.fence.renew({ since: 0, leaseMs, onlyBackend: false });
  await rig.clock.advance(41_000);
  await rig.fence.open(() => true);
  assert.equal(rig.fence.isOpen, false);
});

test('a worker that could not do anything when the lease ended lets go on what its guardian has paused', async () => {
  const clock = new ManualClock();
  const done: string[] = [];
  const fence = new Fence({ clock, machineTime: () => clock.now(), log: quiet, renewed: () => {} });
  const freeze = async () => {};
  const thaw = async () => void done.push('thaw');
  fence.guard({ size: 1, suspect: () => done.push('suspect'), freeze, thaw });
  // Nobody runs the fence: this process stands still.
  fence.renew({ since: 0, leaseMs, onlyBackend: false });
  await fence.open(() => true);
  await clock.advance(100_000);
  assert.equal(fence.isOpen, true);
  fence.renew({ since: 99_000, leaseMs, onlyBackend: false });
  assert.equal(fence.isOpen, false);
  await fence.open(() => true);
  assert.deepEqual(done, ['thaw', 'suspect', 'thaw']);
});
