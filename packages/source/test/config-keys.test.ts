import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { neutralValue, programKeys } from '../src/git/program-keys.ts';

const harmless = new Set(
  readFileSync(join(import.meta.dirname, 'harmless-config-keys.txt'), 'utf8')
    .split('\n')
    .filter((line) => line !== ''),
);

const normalized = (key: string): string => key.replace(/<[^>]*>/g, '*').toLowerCase();

/** A line `section.*` of the list stands for all of a section. */
function isHarmless(key: string): boolean {
  const name = normalized(key);
  const [section = ''] = name.split('.');
  return harmless.has(name) || harmless.has(`${section}.*`) || harmless.has(name.replace(/\.fsck\..*/, '.fsck.*'));
}

test('every configuration key that this git has is known to start a program, or to start none', () => {
  const output = execFileSync('git', ['help', '-c'], { encoding: 'utf8' });
  const keys = output.split('\n').flatMap((line) => (/^[a-z][\w-]*\.\S+$/i.test(line.trim()) ? [line.trim()] : []));
  assert.ok(keys.length > 500, 'git help -c lists its keys');
  const unknown = keys.filter((key) => neutralValue(normalized(key)) === null && !isHarmless(key));
  // A key of a new git: does it start a program or reach another machine? Then program-keys.ts, else the list here.
  assert.deepEqual(unknown, []);
});

test('no key is in both lists', () => {
  assert.deepEqual(
    Object.keys(programKeys).filter((key) => harmless.has(key)),
    [],
  );
});

test('a key is switched off whatever its middle part contains', () => {
  for (const name of ['filter.x.clean', 'filter.A=b.c d.process', 'Filter.x.CLEAN', 'pager.log', 'remote.o.uploadpack'])
    assert.notEqual(neutralValue(name), null, name);
  for (const name of ['filter', 'user.name', 'remote.clean.url', 'branch.filter.remote', 'xx.probe'])
    assert.equal(neutralValue(name), null, name);
});
