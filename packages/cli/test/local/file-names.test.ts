import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { jobFileNames, slug } from '../../src/reports/file-names.ts';

test('plain job names are their own file names', () => {
  const names = ['lint', 'unit_test', 'build-linux'];
  assert.deepEqual([...jobFileNames(names).values()], names);
});

test('hostile job names become short names without any path in them', () => {
  const hostile = [
    '../../etc/passwd',
    '/',
    '..',
    '.',
    '',
    'a\0b',
    'con:',
    'x'.repeat(5000),
    '\u202Egnp.exe',
    'a\nb',
    '-rf',
    '名前',
  ];
  for (const name of jobFileNames(hostile).values()) assert.match(name, /^[A-Za-z0-9_][A-Za-z0-9_-]{0,79}$/);
});

test('no two jobs share a file, also where the disk ignores case', () => {
  const name = fc.oneof(
    fc.string(),
    fc.constantFrom('a b', 'a-b', 'A-B', 'a/b', 'test 1/2', 'test-1-2', 'test-1-2-5a4b'),
  );
  fc.assert(
    fc.property(fc.uniqueArray(name), (jobs) => {
      const files = [...jobFileNames(jobs).values()].map((file) => file.toLowerCase());
      assert.equal(files.length, jobs.length);
      assert.equal(new Set(files).size, jobs.length);
    }),
  );
});

test('a job whose name is its own slug keeps it beside others that would get the same', () => {
  const names = jobFileNames(['a b', 'a-b']);
  assert.equal(names.get('a-b'), 'a-b');
  assert.match(names.get('a b') ?? '', /^a-b-[0-9a-f]{8}$/);
});

test('a job named like the hashed name of another does not meet it', () => {
  const first = jobFileNames(['a b', 'a-b']).get('a b') ?? '';
  const files = [...jobFileNames(['a b', 'a-b', first]).values()];
  assert.equal(new Set(files).size, 3);
});

test('a slug is never empty', () => {
  assert.equal(slug('***'), 'x');
});
