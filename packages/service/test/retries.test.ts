import { deepEqual, equal, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '@xx-pipeline/common';
import {
  ApiMismatch,
  ApiProblem,
  ApiUnreachable,
  isTransient,
  isTransientForWorker,
  type Problem,
  retryPause,
} from '@xx-pipeline/common/api';
import { callWithin, RetryPolicy } from '@xx-pipeline/service/http';
import { ManualClock } from '@xx-pipeline/testing';
import { RetriesExhausted } from '../src/http/RetryPolicy.ts';

const problem = (code: Problem['code'], status: number) =>
  new ApiProblem('call', { type: 'about:blank', title: code, status, code });

test('which failures are transient', () => {
  const table: readonly (readonly [what: string, error: unknown, person: boolean, worker: boolean])[] = [
    ['no answer', new ApiUnreachable('nothing listens there'), true, true],
    ['the page of a proxy', new ApiMismatch('is it an xx server?'), false, true],
    ['400', problem('bad_request', 400), false, false],
    ['401', problem('unauthorized', 401), false, true],
    ['403', problem('forbidden', 403), false, true],
    ['404', problem('not_found', 404), false, false],
    ['408', problem('unavailable', 408), true, true],
    ['409', problem('conflict', 409), false, false],
    ['409, another attempt', problem('stale_attempt', 409), false, false],
    ['413', problem('too_large', 413), false, false],
    ['416', problem('offset_gap', 416), false, false],
    ['426', problem('version_mismatch', 426), false, true],
    ['429', problem('worker_full', 429), true, true],
    ['500', problem('internal', 500), false, true],
    ['502', problem('unavailable', 502), true, true],
    ['503', problem('unavailable', 503), true, true],
    ['504', problem('unavailable', 504), true, true],
    ['a full disk', Object.assign(new Error('no space left'), { code: 'ENOSPC' }), false, false],
    ['a bug', new TypeError('undefined is not a function'), false, false],
    ['no error', undefined, false, false],
  ];
  for (const [what, error, person, worker] of table) {
    deepEqual([what, isTransient(error), isTransientForWorker(error)], [what, person, worker]);
  }
});

test('pauses double up to the longest, and a random half of each is left out', () => {
  const pauses = { firstMs: 100, longestMs: 1000 };
  const whole = [1, 2, 3, 4, 5, 6, 5000].map((failures) => retryPause(failures, pauses, () => 1));
  deepEqual(whole, [100, 200, 400, 800, 1000, 1000, 1000]);
  equal(
    retryPause(1, pauses, () => 0),
    50,
  );
});

const never = new AbortController().signal;

function policyOf(clock: ManualClock) {
  const pauses = { firstMs: 100, longestMs: 1000, random: () => 1 };
  return new RetryPolicy({ clock, isTransient, budgetMs: 5000, ...pauses });
}

test('a call is retried after transient failures only, and the budget counts from the first of them', async () => {
  const clock = new ManualClock();
  const answers = [new ApiUnreachable('away'), problem('unavailable', 503), 'done'];
  let calls = 0;
  const call = policyOf(clock).call(async () => {
    // Waiting an hour for the first answer uses none of the budget.
    if (calls === 0) await clock.sleep(3_600_000);
    const answer = answers[calls++];
    if (answer instanceof Error) throw answer;
    return answer;
  }, never);
  await clock.advance(3_600_000);
  await clock.advance(100);
  await clock.advance(200);
  equal(await call, 'done');
  equal(calls, 3);
  await rejects(
    policyOf(clock).call(async () => Promise.reject(new TypeError('a bug')), never),
    /a bug/,
  );
});

test('a call that goes on failing is given up with the last failure as its cause', async () => {
  const clock = new ManualClock();
  const call = policyOf(clock).call(async () => Promise.reject(new ApiUnreachable('away')), never);
  const end = rejects(
    call,
    (error: Error) => error instanceof RetriesExhausted && String(error.cause).includes('away'),
  );
  for (let waits = 0; waits < 10; waits++) await clock.advance(1000);
  await end;
});

test('a call without an answer in time is as one to an unreachable server', async () => {
  const hanging = (signal: AbortSignal) => systemClock.sleep(60_000, signal);
  await rejects(callWithin(1, never, hanging), (error) => isTransient(error) && String(error).includes('no answer'));
  const outer = new AbortController();
  const call = callWithin(60_000, outer.signal, hanging);
  outer.abort(new Error('enough'));
  await rejects(call, /enough/);
});
