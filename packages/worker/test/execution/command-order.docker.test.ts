import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type JobRequest, runnerLineText, systemClock } from '@xx-pipeline/common';
import { jobRequest } from '@xx-pipeline/testing';
import { JobRunner } from '../../src/execution/index.ts';
import { DockerRig } from '../docker/rig.ts';
import { FollowedJob, MemoryArtifacts } from './JobRig.ts';

/** A command and what it prints on each stream. */
interface Step {
  readonly command: string;
  readonly out?: string;
  readonly err?: string;
}

/** Runs a job and returns what it reported. */
async function logOf(rig: DockerRig, request: Partial<JobRequest>): Promise<FollowedJob> {
  const runner = new JobRunner({
    executor: await rig.executor(),
    clock: systemClock,
    artifacts: new MemoryArtifacts(),
    dependencies: { getDependencies: async () => [] },
  });
  const job = new FollowedJob();
  const outcome = await runner.runJob(jobRequest(request), job.options());
  job.assertWellFormed(outcome);
  return job;
}

/** The log cut at the lines that show a command: what it printed, by stream. */
function sections(job: FollowedJob): { command: string; out: string; err: string }[] {
  const found: { command: string; out: string; err: string }[] = [];
  for (const event of job.events) {
    if (event.type !== 'log') continue;
    const text = Buffer.from(event.chunk.bytes).toString();
    const last = found.at(-1);
    const command = /^\n?(\u001b\[32;1m.*\u001b\[0m)\n$/s.exec(text)?.[1];
    if (event.chunk.stream === 'stdout' && last !== undefined) last.out += text;
    else if (event.chunk.stream === 'stderr' && last !== undefined) last.err += text;
    else if (command !== undefined) found.push({ command, out: '', err: '' });
  }
  return found;
}

async function check(rig: DockerRig, steps: readonly Step[]): Promise<void> {
  const job = await logOf(rig, { script: steps.map((step) => step.command) });
  assert.deepEqual(
    sections(job),
    steps.map(({ command, out = '', err = '' }) => ({
      command: runnerLineText({ kind: 'command', index: 0, text: command }),
      out,
      err,
    })),
  );
}

const both = (count: number): Step[] =>
  Array.from({ length: count }, (_, index) => ({
    command: index % 2 === 0 ? `echo out${index}; echo err${index} >&2` : `echo err${index} >&2; echo out${index}`,
    out: `out${index}\n`,
    err: `err${index}\n`,
  }));

test('what a command prints on either stream stands between its own line and the next', async () => {
  await using rig = await DockerRig.make();
  for (let round = 0; round < 10; round += 1) await check(rig, both(30));
});

test('commands keep their places when a stream is redirected for good', async () => {
  await using rig = await DockerRig.make();
  await check(rig, [
    ...both(3),
    { command: 'exec 2>&1' },
    { command: 'echo out; echo err >&2', out: 'out\nerr\n' },
    { command: 'exec >/dev/null' },
    { command: 'echo hidden; echo err >&2', out: 'err\n' },
    { command: 'exec 2>file' },
    { command: 'echo hidden; echo kept >&2' },
    { command: 'exec >&2' },
    { command: 'test "$(cat file)" = kept' },
  ]);
});

test('commands keep their places while a stream carries more than any buffer holds', async () => {
  await using rig = await DockerRig.make();
  const script = [0, 1, 2, 3].map((index) => `echo a${index} >&2; head -c 3000000 /dev/zero; echo z${index} >&2`);
  const job = await logOf(rig, { script });
  assert.deepEqual(
    sections(job).map(({ out, err }) => [out.length, err]),
    [0, 1, 2, 3].map((index) => [3_000_000, `a${index}\nz${index}\n`]),
  );
});

test('a job that traces its commands sees nothing but them', async () => {
  await using rig = await DockerRig.make();
  await check(rig, [
    { command: 'set -x' },
    { command: 'echo one', out: 'one\n', err: '+ echo one\n' },
    { command: 'true', err: '+ true\n' },
    { command: 'set +x', err: '+ set +x\n' },
    { command: 'echo two', out: 'two\n' },
  ]);
});
