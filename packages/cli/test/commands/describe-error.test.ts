import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { SystemFailure } from '@xx-pipeline/common';
import { ExecutionBroken } from '@xx-pipeline/worker/execution';
import { CommandError } from '../../src/io/CommandIo.ts';
import { describeError } from '../../src/program/describe-error.ts';

function thrown(action: () => void): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

test('errors of the machine become a sentence that names the file', () => {
  const missing = describeError(thrown(() => readFileSync('/does/not/exist')));
  assert.deepEqual(missing, { message: 'no such file or directory: /does/not/exist', help: null, exitCode: 3 });
  assert.match(describeError(thrown(() => readFileSync('/'))).message, /is a directory/);
  const full = Object.assign(new Error('x'), { code: 'ENOSPC', path: '/var/x' });
  assert.match(describeError(full).message, /^the disk is full: cannot write \/var\/x$/);
  assert.match(describeError(thrown(() => writeFileSync('/does/not/exist/x', ''))).message, /no such file/);
});

test('a failure of the engine keeps its message and its help', () => {
  const failures = [
    new ExecutionBroken('no container engine found', { help: 'start it' }),
    new SystemFailure('no container engine found', { help: 'start it' }),
  ];
  for (const failure of failures) {
    const { message, help, exitCode } = describeError(failure);
    assert.deepEqual([message, help, exitCode], ['no container engine found', 'start it', 3]);
  }
});

test('a mistake of the user keeps its exit code; anything unknown is a bug of xx', () => {
  assert.equal(describeError(new CommandError('wrong', 2, 'do this')).exitCode, 2);
  for (const unknown of [new TypeError('x is not a function'), 'text', null]) {
    const { message, exitCode } = describeError(unknown);
    assert.match(message, /^this is a bug in xx: /);
    assert.equal(exitCode, 3);
  }
});
