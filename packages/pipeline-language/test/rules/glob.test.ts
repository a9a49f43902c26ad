import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { globProblem, matchExists, matchGlob } from '../../src/rules/glob.ts';

const globs: readonly (readonly [string, string, boolean])[] = [
  ['a.txt', 'a.txt', true],
  ['a.txt', 'A.txt', false],
  ['a.txt', 'dir/a.txt', false],
  ['*', 'a.txt', true],
  ['*', '.hidden', true],
  ['*', 'dir/a.txt', false],
  ['dir/*', 'dir/a', true],
  ['dir/*', 'dir/sub/a', false],
  ['dir/**/*', 'dir/a', true],
  ['dir/**/*', 'dir/sub/deep/a', true],
  ['dir/**/*', 'dir/.sub/.a', true],
  ['dir/**', 'dir/a', true],
  ['dir/**', 'dir/sub/a', false],
  ['**/*.ts', 'a.ts', true],
  ['**/*.ts', 'x/y/a.ts', true],
  ['**/a/**/b', 'a/b', true],
  ['a?c', 'abc', true],
  ['a?c', 'a/c', false],
  ['[ab].txt', 'b.txt', true],
  ['[!ab].txt', 'c.txt', true],
  ['*.{ts,js}', 'a.js', true],
  ['*.{ts,js}', 'a.css', false],
  ['{a,b/{c,d}}/*', 'b/d/x', true],
  ['{a,b/{c,d}}/*', 'a/x', true],
  ['{a,}b', 'b', true],
  ['{a}', 'a', true],
  ['{1..3}', '2', false],
  ['{a', '{a', true],
  ['\\{a,b\\}', '{a,b}', true],
  ['\\*', '*', true],
  ['\\*', 'a', false],
  ['!a', '!a', true],
  ['!a', 'b', false],
  ['#a', '#a', true],
  ['+(a)', 'a', false],
  ['./a', 'a', false],
  ['a/', 'a', false],
];

for (const [pattern, path, expected] of globs) {
  test(`${pattern} ${expected ? 'matches' : 'does not match'} ${path}`, () => {
    assert.equal(matchGlob(pattern, path), expected);
  });
}

const files = ['Dockerfile', 'src/main.ts', 'src/lib/a.test.ts', '.ci/x.yml'];
const existing: readonly (readonly [string, boolean])[] = [
  ['Dockerfile', true],
  ['main.ts', false],
  ['src/main.ts', true],
  ['src', false],
  ['src/', true],
  ['lib/', false],
  ['*.ts', false],
  ['**/*.ts', true],
  ['**/*.css', false],
  ['**/a.test.ts', true],
  ['src/**/*.test.ts', true],
  ['*/x.yml', true],
  ['Docker*', true],
  ['{Dockerfile,Containerfile}', true],
];

for (const [pattern, expected] of existing) {
  test(`exists: ${pattern} is ${expected}`, () => {
    assert.equal(matchExists(pattern, files), expected);
  });
}

test('hostile globs are refused and match nothing', () => {
  for (const pattern of ['a'.repeat(257), '{a,b}'.repeat(9), `{${'a,'.repeat(14)}b}`.repeat(8)]) {
    assert.notEqual(globProblem(pattern), null);
    assert.equal(matchGlob(pattern, 'a'), false);
    assert.equal(matchExists(pattern, ['a']), false);
  }
  assert.equal(globProblem('{a,b}'.repeat(8)), null);
});

test('many stars do not take long', () => {
  assert.equal(matchGlob(`${'*a'.repeat(100)}b`, 'a'.repeat(5000)), false);
  assert.equal(matchGlob(`${'**/a/'.repeat(40)}b`, 'a/'.repeat(500)), false);
});

test('a path without special characters matches itself and no other', () => {
  const segment = fc.stringMatching(/^[a-z.][a-z0-9_-]{1,8}$/);
  const path = fc.array(segment, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('/'));
  fc.assert(
    fc.property(path, path, (one, other) => {
      fc.pre(!`/${one}/`.includes('/../') && !`/${one}/`.includes('/./'));
      assert.equal(matchGlob(one, one), true);
      assert.equal(matchGlob(one, other), one === other);
      assert.equal(matchGlob('**/*', one), true);
    }),
  );
});
