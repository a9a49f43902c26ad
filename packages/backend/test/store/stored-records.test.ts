import assert from 'node:assert/strict';
import { test } from 'node:test';
import { storedJob } from '../../src/store/sql/execution-rows.ts';

test('a job that an earlier version stored has its delay from its row', () => {
  const record = { id: 'j', status: 'PENDING', eligibleAt: '2026-01-01T00:00:00.000Z' };
  const due = Date.parse('2026-01-01T01:00:00Z');
  const read = (job: object, eligible_at: number) => storedJob({ record: JSON.stringify(job), eligible_at }).notBefore;
  assert.equal(read(record, due), '2026-01-01T01:00:00.000Z');
  assert.equal(read(record, Date.parse(record.eligibleAt)), null);
  assert.equal(read({ ...record, eligibleAt: null }, 0), null);
  assert.equal(read({ ...record, notBefore: null }, due), null);
});
