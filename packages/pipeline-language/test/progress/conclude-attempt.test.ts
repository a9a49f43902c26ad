import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FailureReason, JobPlan, RetryPlan } from '@xx-pipeline/common';
import { jobOutcome, jobPlan } from '@xx-pipeline/testing';
import { concludeAttempt } from '../../src/progress/conclude-attempt.ts';

const retry = (max: number, when: readonly string[], exitCodes: readonly number[] = []): RetryPlan => ({
  max,
  when,
  exitCodes,
});

interface Case {
  readonly retry: RetryPlan;
  readonly reason: FailureReason;
  readonly exitCode?: number;
  readonly attempt?: number;
  readonly expected: boolean;
}

const cases: readonly Case[] = [
  { retry: retry(0, ['always']), reason: 'script_failure', expected: false },
  { retry: retry(1, ['always']), reason: 'script_failure', expected: true },
  { retry: retry(1, ['always']), reason: 'script_failure', attempt: 2, expected: false },
  { retry: retry(2, ['always']), reason: 'timeout', attempt: 2, expected: true },
  { retry: retry(2, ['always']), reason: 'timeout', attempt: 3, expected: false },
  { retry: retry(2, []), reason: 'script_failure', expected: true },
  { retry: retry(2, ['runner_system_failure']), reason: 'script_failure', expected: false },
  { retry: retry(2, ['runner_system_failure']), reason: 'system_failure', expected: true },
  { retry: retry(2, ['runner_system_failure']), reason: 'worker_lost', expected: true },
  { retry: retry(2, ['runner_system_failure']), reason: 'image_pull_failure', expected: true },
  { retry: retry(2, ['script_failure']), reason: 'image_pull_failure', expected: true },
  { retry: retry(2, ['job_execution_timeout']), reason: 'timeout', expected: true },
  { retry: retry(2, ['stuck_or_timeout_failure']), reason: 'dependency_timeout', expected: true },
  { retry: retry(2, [], [42]), reason: 'script_failure', exitCode: 42, expected: true },
  { retry: retry(2, [], [42]), reason: 'script_failure', exitCode: 1, expected: false },
  { retry: retry(2, [], [42]), reason: 'timeout', exitCode: 42, expected: false },
  { retry: retry(1, ['runner_system_failure'], [5]), reason: 'script_failure', exitCode: 5, expected: true },
  { retry: retry(1, ['runner_system_failure'], [5]), reason: 'system_failure', expected: true },
  { retry: retry(2, ['always']), reason: 'config_error', expected: false },
  { retry: retry(2, ['always']), reason: 'dependency_failed', expected: false },
];

for (const { retry: plan, reason, exitCode = 1, attempt = 1, expected } of cases) {
  const when = [...plan.when, ...plan.exitCodes].join(', ') || 'nothing named';
  const verdict = expected ? 'is followed by another' : 'is the last';
  test(`attempt ${attempt} with ${reason} (${exitCode}) ${verdict} under retry ${plan.max} for ${when}`, () => {
    const outcome = jobOutcome('FAILED', { failureReason: reason, exitCode });
    assert.equal(concludeAttempt(jobPlan('a', 'one', { retry: plan }), attempt, outcome).retry, expected);
  });
}

test('neither success nor a cancel is retried', () => {
  const job = jobPlan('a', 'one', { retry: retry(2, ['always']), allowFailure: true });
  assert.deepEqual(concludeAttempt(job, 1, jobOutcome('SUCCESS')), { retry: false, allowFailure: false });
  assert.deepEqual(concludeAttempt(job, 1, jobOutcome('CANCELED')), { retry: false, allowFailure: true });
});

const allowances: readonly (readonly [JobPlan['allowFailure'], FailureReason, number | null, boolean])[] = [
  [false, 'script_failure', 1, false],
  [true, 'script_failure', 1, true],
  [true, 'image_pull_failure', null, true],
  [{ exitCodes: [3, 4] }, 'script_failure', 4, true],
  [{ exitCodes: [3, 4] }, 'script_failure', 5, false],
  [{ exitCodes: [3, 4] }, 'timeout', 4, false],
];

for (const [allowFailure, reason, exitCode, expected] of allowances) {
  test(`${reason} (${exitCode}) is ${expected ? '' : 'not '}allowed by ${JSON.stringify(allowFailure)}`, () => {
    const outcome = jobOutcome('FAILED', { failureReason: reason, exitCode });
    assert.equal(concludeAttempt(jobPlan('a', 'one', { allowFailure }), 1, outcome).allowFailure, expected);
  });
}
