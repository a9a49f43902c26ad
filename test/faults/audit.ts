import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { isTerminal } from '@xx-pipeline/common';
import { until } from '@xx-pipeline/testing';
import type { ServiceRig } from '../rig/ServiceRig.ts';
import type { EngineWatch } from './EngineWatch.ts';
import { logLine } from './pipelines.ts';

/** What a run must have come to, whatever happened meanwhile. */
export interface Expected {
  readonly status: 'SUCCESS' | 'FAILED' | 'CANCELED';
  /** Lines that each successful job has written. */
  readonly lines: number;
  /** Attempts that a job may have had. */
  readonly attempts?: number;
  /** A worker could not know that it was given a job: attempts that never ran do not count. */
  readonly mayMiss?: boolean;
  /** The worker died before its container had begun: the same attempt may have begun again. */
  readonly mayRestart?: boolean;
  /** What successful jobs keep; none for jobs that keep nothing. */
  readonly artifacts?: boolean;
}

type Execution = Awaited<ReturnType<ServiceRig['api']['getExecution']>>['body'];
type Job = Execution['jobs'][number];

/** Waits for the end of a run and checks everything that must be true of it. */
export async function audit(
  rig: ServiceRig,
  watch: EngineWatch | null,
  id: string,
  expected: Expected,
): Promise<Execution> {
  const execution = await ended(rig, id);
  const summary = execution.jobs.map(
    ({ name, status, attempts }) => `${name} ${status} ${attempts.map(shown).join(' ')}`,
  );
  assert.equal(execution.status, expected.status, `the run's status\n${summary.join('\n')}`);
  for (const job of execution.jobs) {
    assert.ok(isTerminal(job.status), `${job.name} is ${job.status}`);
    const { attempts } = job;
    assert.ok(
      attempts.filter((each) => expected.mayMiss !== true || !wasMissed(each)).length <= (expected.attempts ?? 1),
      `attempts of ${job.name}: ${attempts.map(shown).join(', ')}`,
    );
    assert.deepEqual(
      attempts.map(({ number }) => number),
      attempts.map((_, index) => (attempts[0]?.number ?? 1) + index),
    );
    checkAttempts(job);
    if (watch !== null) checkContainers(job, watch, expected);
    await checkLogs(rig, job, expected);
    if (job.status === 'SUCCESS' && expected.artifacts !== false) await checkArtifacts(rig, job);
  }
  // What else a worker keeps (networks for later jobs) goes when it ends; the rig looks then.
  const left = async () => (await rig.leftovers()).filter((each) => each.includes('io.xx-pipeline.job'));
  const isEmpty = async () => (await left()).length === 0;
  if (!(await until('', isEmpty, 15_000, 100).catch(() => false)))
    assert.deepEqual(await left(), [], 'containers left');
  const { workers } = (await rig.api.listWorkers()).body;
  for (const { name, busy } of workers) assert.equal(busy, 0, `worker ${name} still counts as busy`);
  return execution;
}

async function ended(rig: ServiceRig, id: string): Promise<Execution> {
  return await until(
    `run ${id} to end`,
    async () => {
      const execution = await rig.api.getExecution({ params: { id } }).then(
        ({ body }) => body,
        () => null,
      );
      return (
        execution !== null &&
        isTerminal(execution.status) &&
        execution.jobs.every(({ status }) => isTerminal(status)) &&
        execution
      );
    },
    120_000,
  );
}

/** Taken back before anything of it ran. */
const wasMissed = ({ status, failureReason, startedAt, completedAt }: Job['attempts'][number]): boolean =>
  status === 'CANCELED' && failureReason === 'worker_lost' && (startedAt === null || startedAt === completedAt);

/** By the backend's records no attempt began before the one before it was over, and all are over. */
function checkAttempts({ name, attempts }: Job): void {
  for (const [index, attempt] of attempts.entries()) {
    assert.ok(isTerminal(attempt.status), `attempt ${attempt.number} of ${name} is ${attempt.status}`);
    const before = attempts[index - 1];
    if (before === undefined) continue;
    assert.ok(
      (before.completedAt ?? '') <= (attempt.startedAt ?? ''),
      `attempt ${attempt.number} of ${name} began at ${attempt.startedAt}, the one before ended at ${before.completedAt}`,
    );
  }
}

/** By the engine's account each attempt had one container, and no two of a job were alive at once; paused is not alive. */
function checkContainers(job: Job, watch: EngineWatch, expected: Expected): void {
  const lives = watch.livesOf(job.id);
  for (const { number } of job.attempts) {
    const count = lives.filter(({ attempt }) => attempt === number).length;
    if (expected.mayRestart !== true) assert.ok(count <= 1, `attempt ${number} of ${job.name} had ${count} containers`);
  }
  const all = lives.flatMap(({ attempt, alive }) => alive.map((time) => ({ attempt, ...time })));
  const inOrder = all.toSorted((a, b) => a.from - b.from);
  for (const [index, { attempt, to }] of inOrder.entries()) {
    const next = inOrder[index + 1];
    if (next === undefined) continue;
    // One that only waited for a script, made ahead, gives way to another of the same attempt; the log shows one script.
    if (expected.mayRestart === true && attempt === next.attempt) continue;
    const overlap = to === null ? 'it is alive still' : `${Math.round(to - next.from)} ms`;
    assert.ok(
      to !== null && to <= next.from,
      `containers of attempts ${attempt} and ${next.attempt} of ${job.name} were alive at once: ${overlap}`,
    );
  }
}

/** A successful attempt's log has every line once, in order; that of a lost one has no gap. */
async function checkLogs(rig: ServiceRig, job: Job, { lines }: Expected): Promise<void> {
  for (const { number, status } of job.attempts) {
    const found = numbersIn(await readLog(rig, job.id, number), job.name);
    const wrong = found.findIndex((each, index) => each !== index + 1);
    assert.equal(
      wrong,
      -1,
      `log of ${job.name}, attempt ${number}: after line ${found[wrong - 1]} comes ${found[wrong]}`,
    );
    if (status === 'SUCCESS') assert.equal(found.length, lines, `lines in the log of ${job.name}, attempt ${number}`);
  }
}

function numbersIn(log: string, job: string): readonly number[] {
  const mark = logLine(job, 0).slice(0, -1);
  return log
    .split('\n')
    .filter((line) => line.startsWith(mark))
    .map((line) => Number(line.slice(mark.length)));
}

/** The whole log of an attempt, as text. */
export async function readLog(rig: ServiceRig, jobId: string, attempt: number): Promise<string> {
  const { body } = await rig.api.readLog({ params: { jobId }, query: { attempt } });
  return (await readAll(body)).toString();
}

async function checkArtifacts(rig: ServiceRig, job: Job): Promise<void> {
  const [ref] = job.attempts.at(-1)?.artifacts ?? [];
  assert.ok(ref, `${job.name} has no artifacts`);
  const { body } = await rig.api.downloadArtifacts({ params: { jobId: job.id } });
  const bytes = await readAll(body);
  assert.equal(bytes.length, ref.size, `size of the artifacts of ${job.name}`);
  assert.equal(createHash('sha256').update(bytes).digest('hex'), ref.sha256, `digest of the artifacts of ${job.name}`);
}

async function readAll(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const shown = ({ number, status, failureReason, failureMessage }: Job['attempts'][number]): string =>
  `${number}: ${status}${failureReason === null ? '' : ` (${failureReason}: ${failureMessage})`}`;
