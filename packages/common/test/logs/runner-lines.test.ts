import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventsOfLine, RunnerLineReader } from '@xx-pipeline/common';
import fc from 'fast-check';
import {
  commandEcho,
  type RunnerLine,
  readRunnerLine,
  runnerLineMark,
  runnerLineText,
} from '../../src/logs/runner-lines.ts';

const word = fc.stringMatching(/^[a-z0-9:./-]{1,30}$/);
const sentence = fc.stringMatching(/^[^\n\x1b]{1,60}$/);

const record = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) => fc.record(model, { noNullPrototype: true });

const lines: fc.Arbitrary<RunnerLine> = fc.oneof(
  record({ kind: fc.constant('note' as const), text: sentence }),
  record({ kind: fc.constant('pull' as const), image: word }),
  record({ kind: fc.constant('pulled' as const), image: word, took: fc.constantFrom('2 s', '1 min 5 s') }),
  record({ kind: fc.constant('command' as const), index: fc.nat(200), text: word }),
  record({ kind: fc.constant('after-command' as const), text: word }),
  record({ kind: fc.constantFrom('after-script', 'artifacts', 'succeeded', 'canceled') }),
  record({ kind: fc.constant('after-script-skipped' as const), why: sentence }),
  record({ kind: fc.constantFrom('warning', 'log-limit', 'failed'), message: sentence }),
  record({ kind: fc.constantFrom('gap', 'lost'), size: fc.constantFrom('17 bytes', '3.2 MiB') }),
);

test('every line can be read back from its mark and its text', () => {
  fc.assert(
    fc.property(lines, (line) => {
      assert.deepEqual(readRunnerLine(runnerLineMark(line), runnerLineText(line), 0), line);
    }),
  );
});

test('a mark keeps its meaning when the text of its line is another version’s', () => {
  const warning = runnerLineMark({ kind: 'warning', message: '' });
  assert.deepEqual(readRunnerLine(warning, 'Achtung: voll', 0), { kind: 'warning', message: 'Achtung: voll' });
  const artifacts = runnerLineMark({ kind: 'artifacts' });
  const events = eventsOfLine(readRunnerLine(artifacts, 'Uploading files', 0), 7);
  assert.deepEqual(events, [{ type: 'phase', phase: 'artifacts', at: 7 }]);
});

test('a mark that this version does not know is a note', () => {
  assert.deepEqual(readRunnerLine(31, 'something new', 0), { kind: 'note', text: 'something new' });
});

test('the index of a command survives lines that are missing, and more commands than marks', () => {
  fc.assert(
    fc.property(fc.nat(5000), fc.nat(200), (last, skipped) => {
      const index = last + skipped;
      const line = readRunnerLine(runnerLineMark({ kind: 'command', index, text: 'x' }), '$ x', last);
      assert.equal(line.kind === 'command' && line.index, index);
    }),
  );
});

test('lines are found however a log is cut into chunks', () => {
  fc.assert(
    fc.property(fc.array(lines, { maxLength: 8 }), fc.integer({ min: 1, max: 9 }), (written, step) => {
      const reader = new RunnerLineReader();
      let index = 0;
      // Commands come in their order.
      const ordered = written.map((line) => (line.kind === 'command' ? { ...line, index: index++ } : line));
      const read = ordered.flatMap((line) => {
        const bytes = Buffer.from(`\n${runnerLineText(line)}\n`);
        const pieces = Array.from({ length: Math.ceil((bytes.length - 1) / step) }, (_, piece) => piece * step + 1);
        // The line end in front is never cut off from all of the line.
        const cuts = [0, ...pieces.slice(1), bytes.length];
        return cuts.slice(1).flatMap((to, piece) => {
          const part = bytes.subarray(cuts[piece], to);
          return reader.push({ stream: 'runner', bytes: part, mark: runnerLineMark(line) });
        });
      });
      assert.deepEqual(read, ordered);
    }),
  );
});

test('no line of a job is taken for one of the runner', () => {
  const reader = new RunnerLineReader();
  assert.deepEqual(reader.push({ stream: 'stdout', bytes: Buffer.from('Pulling image a\n') }), []);
  assert.deepEqual(reader.push({ stream: 'stderr', bytes: Buffer.from('WARNING: b\n'), mark: 8 }), []);
});

test('lines of a worker from before marks are known by their text', () => {
  const reader = new RunnerLineReader();
  const text = [
    'Pulling image busybox:latest',
    'Pulled image busybox:latest in 2.0 s',
    '\x1b[32;1m$ make\x1b[0m',
    'Pulling image later',
    '\x1b[32;1m$ make test\x1b[0m',
    'Running after_script',
    '\x1b[32;1m$ rm -r x\x1b[0m',
    'Job succeeded',
    '',
  ].join('\n');
  assert.deepEqual(reader.push({ stream: 'runner', bytes: Buffer.from(text) }), [
    { kind: 'pull', image: 'busybox:latest' },
    { kind: 'pulled', image: 'busybox:latest', took: '2.0 s' },
    { kind: 'command', index: 0, text: 'make' },
    { kind: 'note', text: 'Pulling image later' },
    { kind: 'command', index: 1, text: 'make test' },
    { kind: 'after-script' },
    { kind: 'after-command', text: 'rm -r x' },
    { kind: 'note', text: 'Job succeeded' },
  ]);
});

test('a command is shown by its first line', () => {
  assert.equal(commandEcho(' make all\n'), '$ make all');
  assert.equal(commandEcho('if x\nthen y\nfi'), '$ if x # collapsed multi-line command');
});
