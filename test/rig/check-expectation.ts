import assert from 'node:assert/strict';
import type { JobReport, Report } from '@xx-pipeline/common';
import type { Expectation, ExpectedJob } from './Expectation.ts';

/** Compares a report and its logs with what a scenario expects. */
export async function checkExpectation(
  expected: Expectation,
  report: Report,
  readLog: (job: JobReport) => Promise<string>,
): Promise<void> {
  const jobs = new Map(report.stages.flatMap((stage) => stage.jobs.map((job) => [job.name, job] as const)));
  const job = (name: string): JobReport => {
    const found = jobs.get(name);
    assert.ok(found, `no job ${name}; there are: ${[...jobs.keys()].join(', ')}`);
    return found;
  };

  const actual = Object.fromEntries(
    Object.keys(expected.jobs ?? {}).map((name) => [name, jobs.has(name) ? conclusion(job(name)) : 'not_created']),
  );
  assert.deepEqual(actual, expected.jobs ?? {});
  if (expected.pipeline !== undefined) assert.equal(report.status.toLowerCase(), expected.pipeline, 'pipeline');
  if (expected.stages !== undefined)
    assert.deepEqual(
      report.stages.map(({ name }) => name),
      expected.stages,
    );

  for (const [name, pieces] of Object.entries(expected.log_contains ?? {})) {
    const log = await readLog(job(name));
    for (const piece of pieces)
      assert.ok(log.includes(piece), `the log of ${name} has no ${JSON.stringify(piece)}:\n${log}`);
  }
  for (const [name, pieces] of Object.entries(expected.log_lacks ?? {})) {
    const log = await readLog(job(name));
    for (const piece of pieces)
      assert.ok(!log.includes(piece), `the log of ${name} has ${JSON.stringify(piece)}:\n${log}`);
  }
  compare(expected.reasons, (name) => job(name).failureReason);
  compare(expected.exit_codes, (name) => job(name).exitCode);
  compare(expected.attempts, (name) => job(name).attempts.length);
  compare(expected.artifacts, (name) => job(name).artifacts.length);
  compare(expected.images, (name) => job(name).image);
  for (const [first, second] of expected.ends_before ?? []) {
    const [end, start] = [job(first).completedAt, job(second).startedAt];
    assert.ok(
      end !== null && start !== null && end <= start,
      `${first} ended at ${end}, ${second} started at ${start}`,
    );
  }
}

function conclusion(job: JobReport): ExpectedJob {
  switch (job.status) {
    case 'FAILED':
      return job.allowFailure ? 'warning' : 'failed';
    case 'CREATED':
    case 'PENDING':
      return 'created';
    case 'SUCCESS':
      return 'success';
    case 'SKIPPED':
      return 'skipped';
    case 'MANUAL':
      return 'manual';
    case 'CANCELED':
      return 'canceled';
    case 'RUNNING':
      throw new Error(`${job.name} still runs`);
    default:
      throw new Error(`unknown status ${job.status satisfies never}`);
  }
}

function compare<T>(expected: Readonly<Record<string, T>> | undefined, actual: (name: string) => T | null): void {
  if (expected === undefined) return;
  assert.deepEqual(Object.fromEntries(Object.keys(expected).map((name) => [name, actual(name)])), expected);
}
