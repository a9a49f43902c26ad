import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { ManualClock } from '@xx-pipeline/common';
import { LocalWakeups } from '../../src/events/LocalWakeups.ts';
import { waitForWakeup } from '../../src/events/wait-for-wakeup.ts';

test('a hint wakes those who listen to its topic, until they stop', () => {
  const wakeups = new LocalWakeups();
  const heard: string[] = [];
  const stop = wakeups.listen('jobs-pending', () => heard.push('one'));
  wakeups.listen('jobs-pending', () => heard.push('two'));
  wakeups.listen('log:a.1', () => heard.push('log'));
  wakeups.notify('jobs-pending');
  assert.deepEqual(heard.splice(0), ['one', 'two']);
  stop();
  stop();
  wakeups.notify('jobs-pending');
  assert.deepEqual(heard.splice(0), ['two']);
  wakeups.notifyAll();
  assert.deepEqual(heard, ['two', 'log']);
});

test('a hint that comes while somebody looks is not lost', async () => {
  const wakeups = new LocalWakeups();
  let looked = 0;
  const isThere = async () => {
    looked += 1;
    if (looked === 1) wakeups.notify('log:a.1');
    return looked === 2;
  };
  const options = { signal: new AbortController().signal, pollMs: 1e9 };
  await waitForWakeup({ wakeups, clock: new ManualClock(0) }, 'log:a.1', isThere, options);
  assert.equal(looked, 2);
});

test('who waits looks from time to time, because hints get lost', async () => {
  const clock = new ManualClock(0);
  let isThere = false;
  const waiting = waitForWakeup({ wakeups: new LocalWakeups(), clock }, 'log:a.1', async () => isThere, {
    signal: new AbortController().signal,
    pollMs: 5000,
  });
  while (clock.sleeping === 0) await setImmediate();
  isThere = true;
  await clock.advance(5000);
  await waiting;
  assert.equal(clock.sleeping, 0);
});

test('an aborted wait ends without an error', async () => {
  const stop = new AbortController();
  const options = { signal: stop.signal, pollMs: 5000 };
  const waiting = waitForWakeup(
    { wakeups: new LocalWakeups(), clock: new ManualClock(0) },
    'log:a.1',
    async () => false,
    options,
  );
  stop.abort();
  await waiting;
});
