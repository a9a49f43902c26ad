import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createServiceLog, hashToken, MetricsRegistry, sameHash } from '@xx-pipeline/service';
import { ManualClock } from '@xx-pipeline/testing';
import { readBearer } from '../src/bearer.ts';

test('metrics are told in the text format', async () => {
  const metrics = new MetricsRegistry();
  const calls = metrics.counter('calls_total', 'Calls.');
  calls.add(2, { route: 'a"b\\' });
  calls.add(1, { route: 'a"b\\' });
  metrics.gauge('jobs', 'Jobs.', async () => [[{ status: 'RUNNING' }, 3]]);
  const seconds = metrics.histogram('seconds', 'Time.', [0.1, 1]);
  for (const value of [0.05, 0.5, 0.5, 7]) seconds.observe(value);
  assert.equal(
    await metrics.render(),
    `# HELP calls_total Calls.
# TYPE calls_total counter
calls_total{route="a\\"b\\\\"} 3
# HELP jobs Jobs.
# TYPE jobs gauge
jobs{status="RUNNING"} 3
# HELP seconds Time.
# TYPE seconds histogram
seconds_bucket{le="0.1"} 1
seconds_bucket{le="1"} 3
seconds_bucket{le="+Inf"} 4
seconds_sum 8.05
seconds_count 4
`,
  );
  assert.throws(() => metrics.counter('jobs', 'Again.'));
});

test('a log line is JSON for machines and a sentence at a terminal, without tokens and control characters', async () => {
  const lines: string[] = [];
  const clock = new ManualClock(0);
  const log = (isTTY: boolean) => createServiceLog({ write: (text) => lines.push(text), isTTY }, clock);
  log(false).info('registered', { worker: 'w1', token: 'xxw_0123456789abcdef' });
  log(true).warn('odd name\n\u001b[31m', { name: 'a\nb', none: undefined });
  await new Promise(setImmediate);
  assert.deepEqual(lines, [
    '00:00:00 warn: odd name [31m  name=a b\n',
    '{"at":"1970-01-01T00:00:00.000Z","level":"info","message":"registered","worker":"w1","token":"xx*_…"}\n',
  ]);
});

test('news of one turn are one write, in order, before a warning of the same turn', async () => {
  const writes: string[] = [];
  const log = createServiceLog({ write: (text) => writes.push(text), isTTY: true }, new ManualClock(0));
  log.info('one');
  log.info('two');
  log.error('three');
  assert.deepEqual(writes, ['00:00:00 one\n00:00:00 two\n00:00:00 error: three\n']);
  log.info('four');
  await new Promise(setImmediate);
  assert.deepEqual(writes.slice(1), ['00:00:00 four\n']);
});

test('a bearer token is read from the header, and compared by hash', () => {
  assert.equal(readBearer('Bearer xxp_0123456789abcdef'), 'xxp_0123456789abcdef');
  assert.equal(readBearer('bearer   xxp_0123456789abcdef '), 'xxp_0123456789abcdef');
  for (const wrong of [
    undefined,
    '',
    'Bearer',
    'Bearer short',
    'Basic eHhwXzAxMjM0NTY3ODlhYmNkZWY=',
    `Bearer ${'x'.repeat(300)}`,
  ]) {
    assert.equal(readBearer(wrong), null);
  }
  assert(sameHash(hashToken('a'), hashToken('a')));
  assert(!sameHash(hashToken('a'), hashToken('b')));
  assert(!sameHash(hashToken('a'), ''));
});
