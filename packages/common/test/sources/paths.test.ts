import { deepEqual, equal, ok } from 'node:assert/strict';
import { posix } from 'node:path';
import { test } from 'node:test';
import { parentsOf, pathInside, TreePaths } from '@xx-pipeline/common';
import fc from 'fast-check';

const segment = fc.oneof(
  fc.constantFrom(
    '..',
    '.',
    '',
    'a',
    'b',
    '...',
    '..a',
    'a..',
    '\\',
    '..\\..',
    'C:',
    '~',
    '-rf',
    'é',
    'é',
    '日本',
    '\0',
    ' ',
  ),
  fc.string({ unit: 'grapheme', maxLength: 4 }),
);
/** Segments that may themselves hold a slash. */
const anyPath = fc.array(segment, { maxLength: 6 }).map((segments) => segments.join('/'));
const isBelow = (path: string) => posix.join('/root', path).startsWith('/root/');

test('the shortest form of a path is below its directory, keeps every name, and is its own shortest form', () => {
  fc.assert(
    fc.property(anyPath, (path) => {
      const inside = pathInside(path);
      if (inside === null) {
        ok(path.startsWith('/') || path.includes('\0') || !posix.normalize(`x/${path}`).startsWith('x'));
        return;
      }
      equal(posix.join('/root', inside), posix.join('/root', path).replace(/(.)\/$/, '$1'));
      ok(inside === '' || isBelow(inside));
      equal(pathInside(inside), inside);
    }),
    { numRuns: 2000 },
  );
});

test('the shortest form of a path: a table', () => {
  const table: readonly (readonly [path: string, inside: string | null])[] = [
    ['', ''],
    ['.', ''],
    ['./a//b/', 'a/b'],
    ['a/../b', 'b'],
    ['a/../..', null],
    ['../a', null],
    ['/etc/passwd', null],
    ['//a', null],
    ['a\0b', null],
    ['..\\..\\a', '..\\..\\a'],
    ['...', '...'],
    ['日本/é', '日本/é'],
  ];
  for (const [path, inside] of table) deepEqual([path, pathInside(path)], [path, inside]);
  deepEqual([...parentsOf('a/b/c')], ['a', 'a/b']);
});

test('a tree has only paths that lead into it, each once, none below a file', () => {
  fc.assert(
    fc.property(fc.array(anyPath, { maxLength: 12 }), (paths) => {
      const tree = new TreePaths();
      const added = paths.filter((path) => tree.add(path) === null);
      equal(tree.size, added.length);
      equal(new Set(added).size, added.length);
      for (const path of added) {
        ok(isBelow(path) && pathInside(path) === path && path !== '' && !path.includes('\0'));
        for (const parent of parentsOf(path)) ok(!added.includes(parent), `${path} is below ${parent}`);
      }
      // Rejected are only paths that are wrong by themselves or collide with one that was added.
      for (const path of paths.filter((other) => !added.includes(other))) {
        const collides = added.some((other) => other.startsWith(`${path}/`) || path.startsWith(`${other}/`));
        ok(collides || path === '' || pathInside(path) !== path, path);
      }
    }),
    { numRuns: 2000 },
  );
});

test('what is wrong with a path of a tree', () => {
  const table: readonly (readonly [path: string, problem: string | null])[] = [
    ['a/b', null],
    ['a/b', 'is there twice'],
    ['a', 'is also a directory'],
    ['a/b/c', 'is below "a/b", which is not a directory'],
    ['a/c/d', null],
    ['/a', 'is absolute'],
    ['a/../b', 'leaves the tree'],
    ['x\0y', 'has a NUL character'],
    ['./x', 'has an empty or a "." segment'],
    ['x//y', 'has an empty or a "." segment'],
    ['x/', 'has an empty or a "." segment'],
    ['', 'has an empty or a "." segment'],
    ['..\\x', null],
    ['é/日本', null],
  ];
  const tree = new TreePaths();
  for (const [path, problem] of table) deepEqual([path, tree.add(path)], [path, problem]);
});
