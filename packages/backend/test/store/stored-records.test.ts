import assert from 'node:assert/strict';
import { test } from 'node:test';
import { storedExecution, storedJob } from '../../src/store/sql/execution-rows.ts';

test('the row of a job decides about its delay, whatever version wrote its record', () => {
  const record = { id: 'j', status: 'PENDING', eligibleAt: '2026-01-01T00:00:00.000Z' };
  const due = Date.parse('2026-01-01T01:00:00Z');
  const read = (job: object, eligible_at: number) => storedJob({ record: JSON.stringify(job), eligible_at }).notBefore;
  assert.equal(read(record, due), '2026-01-01T01:00:00.000Z');
  assert.equal(read(record, Date.parse(record.eligibleAt)), null);
  assert.equal(read({ ...record, eligibleAt: null }, 0), null);
  const played = { ...record, notBefore: '2026-01-01T01:00:00.000Z' };
  assert.equal(read(played, Date.parse(record.eligibleAt)), null);
});

test('a run that a version without callers wrote has none, and is ending if it says why', () => {
  const record = { id: 'e', reason: null, createdAt: '2026-01-01T00:00:00.000Z', completedAt: null };
  const read = (execution: object) => storedExecution(JSON.stringify(execution));
  assert.deepEqual([read(record).createdBy, read(record).cancellation], [null, null]);
  assert.deepEqual(read({ ...record, reason: 'enough' }).cancellation, { by: null, at: record.createdAt });
  const by = { kind: 'person', name: 'alice' };
  const canceled = { ...record, reason: 'enough', createdBy: by, cancellation: { by, at: 't' }, lastRetry: null };
  assert.deepEqual([read(canceled).createdBy, read(canceled).cancellation], [by, { by, at: 't' }]);
  assert.equal(read({ ...canceled, reason: null }).cancellation, null);
});
