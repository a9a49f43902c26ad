import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeStateDirectory, StateUnwritable, stateDirectory } from '../../src/io/state-directory.ts';

test('XX_HOME names the state directory, else it is in the home directory', () => {
  assert.equal(stateDirectory({ XX_HOME: '/state', HOME: '/home/a' }, '/work'), '/state');
  assert.equal(stateDirectory({ XX_HOME: 'state', HOME: '/home/a' }, '/work'), '/work/state');
  assert.equal(stateDirectory({ XX_HOME: '', HOME: '/home/a' }, '/work'), '/home/a/.xx-pipeline');
});

test('a state directory is made with its parents, closed to others', (t) => {
  const base = mkdtempSync(join(tmpdir(), 'xx-state-'));
  t.after(() => rmSync(base, { recursive: true }));
  makeStateDirectory(join(base, 'a/b'));
  makeStateDirectory(join(base, 'a/b'));
  assert.equal(statSync(join(base, 'a/b')).mode & 0o777, 0o700);
});

test('where no state directory can be made there is one message that says why and what to do', (t) => {
  const base = mkdtempSync(join(tmpdir(), 'xx-state-'));
  t.after(() => rmSync(base, { recursive: true }));
  writeFileSync(join(base, 'file'), '');
  const cases: [string, RegExp][] = [
    [join(base, 'file'), /^cannot write to .*: a part of the path is not a directory$/],
    [join(base, 'file/below'), /^cannot write to .*: a part of the path is not a directory$/],
    ['/proc/xx-pipeline', /^cannot write to \/proc\/xx-pipeline: /],
  ];
  for (const [path, message] of cases) {
    assert.throws(
      () => makeStateDirectory(path),
      (error: unknown) => error instanceof StateUnwritable && error.exitCode === 3 && message.test(error.message),
      path,
    );
  }
});
