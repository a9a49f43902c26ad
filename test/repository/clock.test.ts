import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findClockProblems } from '../../scripts/clock/find-clock-problems.ts';
import { withFiles } from './temporary-root.ts';

const file = 'packages/common/src/a.ts';
const problemsOf = (text: string, exceptions: readonly string[] = [], path = file) =>
  withFiles({ [path]: text }, (root) => findClockProblems(root, new Map(exceptions.map((each) => [each, 'why']))));

const uses = [
  ['a timer', 'setTimeout(() => {}, 5);', 'setTimeout'],
  ['an interval behind globalThis', 'globalThis.setInterval(() => {}, 5);', 'setInterval'],
  ['the time of day', 'export const now = Date.now();', 'Date.now'],
  ['the time of day as a function', 'export const now = Date.now;', 'Date.now'],
  ['a date of now', 'export const now = new Date();', 'new Date()'],
  ['a time limit of a signal', 'export const signal = AbortSignal.timeout(5);', 'AbortSignal.timeout'],
  ['a stopwatch', 'export const begun = performance.now();', 'performance.now'],
  ['a timer under another name', "import { setTimeout as delay } from 'node:timers/promises';", 'node:timers'],
] as const;

for (const [title, text, name] of uses) {
  test(`the clock check is red on ${title}`, async () => {
    const hint = 'take a `Clock`, or give a reason in scripts/clock/exceptions.ts';
    assert.deepEqual(await problemsOf(`\n${text}`), [`${file}:2: ${name}; ${hint}`]);
  });
}

test('the clock check allows what reads no time', async () => {
  const text = `import { setImmediate as next } from 'node:timers/promises';
    export const date = new Date(5);
    declare const server: { setTimeout(ms: number): void };
    server.setTimeout(5);
    setImmediate(next);`;
  assert.deepEqual(await problemsOf(text), []);
});

test('tests and listed files may use the time of the system, as long as they do', async () => {
  const text = 'export const now = Date.now();';
  assert.deepEqual(await problemsOf(text, [], 'packages/common/test/a.ts'), []);
  assert.deepEqual(await problemsOf(text, [file]), []);
  assert.match((await problemsOf('', [file])).join(), /a\.ts: does not use the system's time; remove it/);
});
