import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failure } from '@xx-pipeline/common';
import { problem } from '@xx-pipeline/common/api';
import { HttpProblem } from '@xx-pipeline/service';

test('a problem of a result reaches the client as it was made', () => {
  const made = problem('offset_gap', 'the log has 5 bytes', { nextOffset: 5 });
  assert.throws(
    () => HttpProblem.orThrow(failure(made)),
    (error) => error instanceof HttpProblem && error.document === made && error.message === 'the log has 5 bytes',
  );
  assert.deepEqual(new HttpProblem('offset_gap', 'the log has 5 bytes', { nextOffset: 5 }).document, made);
});
