import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LocalWakeups } from '../../src/events/LocalWakeups.ts';

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
