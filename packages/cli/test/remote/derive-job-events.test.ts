import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LogStream } from '@xx-pipeline/common';
import { DerivedEvents } from '../../src/remote/derive-job-events.ts';

const chunk = (text: string, stream: LogStream = 'runner') => ({ stream, at: 7, bytes: Buffer.from(text) });

test('a pull is seen in the log of its attempt, as soon as its line is whole', () => {
  const derived = new DerivedEvents(undefined, []);
  assert.deepEqual(derived.of(chunk('Pulling image bus')), []);
  assert.deepEqual(derived.of(chunk('ybox:latest\n')), [
    { type: 'phase', phase: 'pull', at: 7 },
    { type: 'pull-progress', image: 'busybox:latest', current: 0, total: 0, at: 7 },
  ]);
  assert.deepEqual(derived.of(chunk('Pulled image busybox:latest in 2.0s\n')), [
    { type: 'phase', phase: 'prepare', at: 7 },
  ]);
});

test('a job that prints what xx prints about pulls is not believed', () => {
  const derived = new DerivedEvents(undefined, []);
  assert.deepEqual(derived.of(chunk('Pulling image a\n', 'stdout')), []);
  const [phase] = derived.of(chunk('\x1b[32;1m$ echo\x1b[0m\n'));
  assert.deepEqual(phase, { type: 'phase', phase: 'script', at: 7 });
  assert.deepEqual(derived.of(chunk('Pulling image a\n')), []);
});
