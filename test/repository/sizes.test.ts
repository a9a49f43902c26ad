import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findSizeProblems } from '../../scripts/sizes/find-size-problems.ts';
import { withFiles } from './temporary-root.ts';

const file = 'packages/common/src/a.ts';
const lines = (count: number, text: string): string => `${text}\n`.repeat(count);
const members = (count: number): string => Array.from({ length: count }, (_, index) => `a${index}: number;`).join(' ');

const problemsOf = (files: Record<string, string>, exceptions: readonly (readonly [string, number])[] = []) =>
  withFiles(files, (root) => findSizeProblems(root, new Map(exceptions)).problems);

const tooLarge: readonly { title: string; text: string; says: RegExp }[] = [
  {
    title: 'a class of more than 300 lines',
    text: `class A {\n${lines(299, '  //')}}\nexport class B {\n${lines(90, '  //')}}\n`,
    says: /^packages\/common\/src\/a\.ts:1: class A has 301 lines; split it \(limit 300\)$/,
  },
  {
    title: 'a bag of more than seven parts',
    text: `\nexport interface RunnerParts { ${members(8)} }\nexport interface Plan { ${members(20)} }`,
    says: /^packages\/common\/src\/a\.ts:2: RunnerParts has 8 members; group those .* \(limit 7\)$/,
  },
  {
    title: 'a bag of options that is a type of its own',
    text: `export type StartOptions = { ${members(9)} };`,
    says: /StartOptions has 9 members/,
  },
];

for (const { title, text, says } of tooLarge) {
  test(`the size check is red on ${title}`, async () => {
    // Other files, so that the median is small.
    const problems = await problemsOf({ [file]: text, 'scripts/b.ts': '', 'scripts/c.ts': '' });
    assert.equal(problems.length, 1, problems.join('\n'));
    assert.match(problems[0] ?? '', says);
  });
}

test('the size check leaves classes and bags of tests alone', async () => {
  const text = `export interface RunnerParts { ${members(8)} }\n`;
  assert.deepEqual(await problemsOf({ 'packages/common/test/a.ts': text }), []);
});

test('an exception holds until a bag grows, or until it is within its limit', async () => {
  const exception = [`${file} RunnerParts`, 9] as const;
  const bag = (count: number) => ({ [file]: `export interface RunnerParts { ${members(count)} }\n` });
  assert.deepEqual(await problemsOf(bag(9), [exception]), []);
  assert.match((await problemsOf(bag(10), [exception])).join(), /RunnerParts has 10 members; .* \(limit 9\)$/);
  assert.match((await problemsOf(bag(7), [exception])).join(), /RunnerParts: is within its limit; remove it/);
});
