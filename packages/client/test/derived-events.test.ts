import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type LogStream, type RunnerLine, runnerLineMark, runnerLineText } from '@xx-pipeline/common';
import { DerivedEvents } from '../src/follow/DerivedEvents.ts';

const unmarked = (text: string, stream: LogStream = 'runner') => ({ stream, at: 7, bytes: Buffer.from(text) });

const marked = (line: RunnerLine) => ({ ...unmarked(`${runnerLineText(line)}\n`), mark: runnerLineMark(line) });

const at = 7;

test('the log of an attempt gives the events that the runner sends', () => {
  const derived = new DerivedEvents(['make\n  all', 'make check']);
  const lines: RunnerLine[] = [
    { kind: 'pull', image: 'busybox' },
    { kind: 'pulled', image: 'busybox', took: '2 s' },
    { kind: 'command', index: 0, text: 'make\n  all' },
    { kind: 'warning', message: 'the disk is slow' },
    { kind: 'command', index: 1, text: 'make check' },
    { kind: 'after-script' },
    { kind: 'after-command', text: 'make clean' },
    { kind: 'artifacts' },
    { kind: 'succeeded' },
  ];
  assert.deepEqual(
    lines.flatMap((line) => derived.of(marked(line))),
    [
      { type: 'phase', phase: 'pull', at },
      { type: 'pull-progress', image: 'busybox', current: 0, total: 0, at },
      { type: 'phase', phase: 'prepare', at },
      { type: 'phase', phase: 'script', at },
      { type: 'command', index: 0, text: 'make\n  all', at },
      { type: 'warning', message: 'the disk is slow', at },
      { type: 'command', index: 1, text: 'make check', at },
      { type: 'phase', phase: 'after_script', at },
      { type: 'phase', phase: 'artifacts', at },
      { type: 'phase', phase: 'cleanup', at },
    ],
  );
});

test('an unmarked line of an older worker counts as soon as it is whole', () => {
  const derived = new DerivedEvents([]);
  assert.deepEqual(derived.of(unmarked('Pulling image bus')), []);
  assert.deepEqual(derived.of(unmarked('ybox:latest\n')), [
    { type: 'phase', phase: 'pull', at },
    { type: 'pull-progress', image: 'busybox:latest', current: 0, total: 0, at },
  ]);
  assert.deepEqual(derived.of(unmarked('Pulled image busybox:latest in 2.0s\n')), [
    { type: 'phase', phase: 'prepare', at },
  ]);
});

test('output of a job that looks like a line of the runner gives no event', () => {
  const derived = new DerivedEvents([]);
  assert.deepEqual(derived.of(unmarked('Pulling image a\n', 'stdout')), []);
});
