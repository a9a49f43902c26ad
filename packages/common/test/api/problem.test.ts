import assert from 'node:assert/strict';
import { test } from 'node:test';
import { problemSchema, refused } from '../../src/api/schemas/Problem.ts';

test('every code has a status of an error, and its document fits the schema', () => {
  for (const code of problemSchema.shape.code.options) {
    const refusal = refused(code, 'because');
    assert(!refusal.ok);
    assert.deepEqual(problemSchema.parse(refusal.error), refusal.error);
    assert(refusal.error.status >= 400, code);
  }
});
