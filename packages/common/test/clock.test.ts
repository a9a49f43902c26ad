import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isoTime, systemClock } from '../src/index.ts';

test('times are written in UTC with milliseconds', () => {
  assert.equal(isoTime(0), '1970-01-01T00:00:00.000Z');
});

test('a sleep ends by itself', async () => {
  await systemClock.sleep(0, new AbortController().signal);
});

test('a sleep ends with the reason of its signal, before and during', async () => {
  const reason = new Error('enough');
  await assert.rejects(systemClock.sleep(1_000_000, AbortSignal.abort(reason)), reason);
  const controller = new AbortController();
  const sleeping = systemClock.sleep(1_000_000, controller.signal);
  controller.abort(reason);
  await assert.rejects(sleeping, reason);
});
