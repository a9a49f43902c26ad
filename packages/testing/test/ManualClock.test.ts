import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../src/ManualClock.ts';

test('sleepers wake in the order of their times, and each sees its own time', async () => {
  const clock = new ManualClock(100);
  const woken: string[] = [];
  const sleep = async (name: string, ms: number) => {
    await clock.sleep(ms);
    woken.push(`${name} ${clock.now()}`);
  };
  void sleep('b', 20);
  void sleep('a', 10).then(() => sleep('c', 5));
  void sleep('d', 40);
  await clock.advance(30);
  assert.deepEqual(woken, ['a 110', 'c 115', 'b 120']);
  assert.equal(clock.now(), 130);
  assert.equal(clock.sleeping, 1);
});

test('a sleep ends with the reason of its signal', async () => {
  const clock = new ManualClock();
  const stop = new AbortController();
  const sleeping = clock.sleep(10, stop.signal);
  stop.abort(new Error('enough'));
  await assert.rejects(sleeping, /enough/);
  await assert.rejects(clock.sleep(10, stop.signal), /enough/);
  assert.equal(clock.sleeping, 0);
});

test('runUntil jumps from sleeper to sleeper, but not to far-off ones', async () => {
  const clock = new ManualClock();
  void clock.sleep(10_000_000);
  const work = clock.sleep(1000).then(() => clock.sleep(500));
  await clock.runUntil(work.then(() => new Promise((resolve) => setTimeout(resolve, 5))));
  assert.equal(clock.now(), 1500);
});
