import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JobEvent } from '@xx-pipeline/common';
import { ManualClock } from '@xx-pipeline/testing';
import { EventStream } from '../../src/execution/log/EventStream.ts';
import { LogPipe } from '../../src/execution/log/LogPipe.ts';
import { createSecretMask } from '../../src/execution/log/mask-secrets.ts';
import type { ReportedLog } from '../../src/execution/log/ReportedLog.ts';

function logPipe(limit: number, secret = '', reported?: ReportedLog) {
  const events: JobEvent[] = [];
  const stream = new EventStream(
    (event) => void events.push(event),
    (error) => {
      throw error;
    },
  );
  const mask = createSecretMask([{ name: 'S', value: secret, secret: true }]);
  const pipe = new LogPipe({ events: stream, mask, clock: new ManualClock(7), limit, reported });
  const text = () =>
    events.flatMap((event) => (event.type === 'log' ? [Buffer.from(event.chunk.bytes).toString()] : [])).join('');
  return { pipe, events, text };
}

test('chunks keep their order, stream and time', async () => {
  const { pipe, events } = logPipe(100);
  await pipe.write('stdout', Buffer.from('a'), 1);
  await pipe.write('stderr', Buffer.from('b'), 2);
  await pipe.line({ kind: 'note', text: 'c' });
  const chunks = events.map(
    (event) => event.type === 'log' && [event.chunk.stream, event.chunk.at, Buffer.from(event.chunk.bytes).toString()],
  );
  assert.deepEqual(chunks, [
    ['stdout', 1, 'a'],
    ['stderr', 2, 'b'],
    ['runner', 7, '\nc\n'],
  ]);
});

test('a line of our own begins at the start of a line', async () => {
  const { pipe, text } = logPipe(100);
  await pipe.line({ kind: 'note', text: 'one' });
  await pipe.write('stdout', Buffer.from('half'), 1);
  await pipe.line({ kind: 'note', text: 'two' });
  assert.equal(text(), 'one\nhalf\ntwo\n');
});

test('beyond the limit the newest output is kept and the gap is announced', async () => {
  const { pipe, text, events } = logPipe(10);
  await pipe.write('stdout', Buffer.from('0123456789abc'), 1);
  const block = Buffer.alloc(100_000, 'x');
  for (let count = 0; count < 5; count++) await pipe.write('stdout', block, 2);
  await pipe.write('stderr', Buffer.from('the end'), 3);
  await pipe.flush();
  const log = text();
  assert.ok(
    log.startsWith('0123456789\nWARNING: log limit of 10 B reached: only the last 256 KiB of what follows are kept\n'),
  );
  assert.ok(log.endsWith('xthe end'));
  const gap = /\n([0-9.]+ KiB) of output omitted here/.exec(log);
  assert.ok(gap !== null);
  assert.equal(events.filter((event) => event.type === 'warning').length, 1);
  const kept = (log.match(/x/g) ?? []).length;
  assert.ok(kept > 100_000 && kept <= 256 * 1024);
  assert.equal(gap[1], `${((5 * 100_000 + 3 - kept) / 1024).toFixed(1)} KiB`);
});

test('one chunk far larger than the limit loses its middle only', async () => {
  const { pipe, text } = logPipe(4);
  await pipe.write(
    'stdout',
    Buffer.concat([Buffer.from('head'), Buffer.alloc(1_000_000, '-'), Buffer.from('tail')]),
    1,
  );
  await pipe.flush();
  assert.match(text(), /^head\nWARNING.*\n.*omitted here.*\n-+tail$/);
});

test('secrets across chunks are masked in output, in our lines and in warnings', async () => {
  const { pipe, text, events } = logPipe(1000, 'hunter22');
  await pipe.write('stdout', Buffer.from('a hunt'), 1);
  await pipe.write('stderr', Buffer.from('er22'), 1);
  await pipe.write('stdout', Buffer.from('er22 b\n'), 1);
  await pipe.flush();
  await pipe.warn('hunter22!');
  assert.ok(!text().includes('hunter22'));
  assert.match(text(), /WARNING: \[MASKED\]!\n$/);
  assert.ok(events.some((event) => event.type === 'warning' && event.message === '[MASKED]!'));
});

test('a gap is reported where it is, and ends what an earlier process reported of its stream', async () => {
  const reported = { stdout: 8, stderr: 6, lines: [], atLineStart: true };
  const { pipe, events, text } = logPipe(100, '', reported);
  await pipe.write('stdout', Buffer.from('old\n'), 1);
  await pipe.lost('stdout', 'some may be missing');
  await pipe.write('stdout', Buffer.from('new\n'), 1);
  await pipe.write('stderr', Buffer.from('known\nmore\n'), 1);
  assert.equal(text(), 'WARNING: some may be missing\nnew\nmore\n');
  assert.ok(events.some((event) => event.type === 'warning'));
});

for (const mark of [undefined, 9]) {
  test(`a limit that an earlier life has announced ${mark ? 'with' : 'without'} a mark is not announced again`, async () => {
    const announced = 'WARNING: log limit of 4 B reached: only the last 256 KiB of what follows are kept\n';
    const line = mark === undefined ? { text: announced } : { text: announced, mark };
    const { pipe, text } = logPipe(4, '', { stdout: 4, stderr: 0, lines: [line], atLineStart: true });
    await pipe.write('stdout', Buffer.from('headtail'), 1);
    await pipe.flush();
    assert.equal(text(), 'tail');
  });
}

test('lines of the runner are marked, and send the events that they stand for', async () => {
  const { pipe, events } = logPipe(100, 'hunter22');
  await pipe.line({ kind: 'command', index: 2, text: 'login hunter22\nlogout' });
  const [command, log] = events;
  assert.deepEqual(command, { type: 'command', index: 2, text: 'login [MASKED]\nlogout', at: 7 });
  assert.ok(log?.type === 'log');
  assert.equal(log.chunk.mark, 34);
  assert.equal(
    Buffer.from(log.chunk.bytes).toString(),
    '\x1b[32;1m$ login [MASKED] # collapsed multi-line command\x1b[0m\n',
  );
});

test('a receiver that is slow holds back the writer and keeps the order', async () => {
  const order: string[] = [];
  let open: () => void = () => {};
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const stream = new EventStream(
    async (event) => {
      await gate;
      order.push(event.type);
    },
    () => {},
  );
  const first = stream.send({ type: 'warning', message: '', at: 0 });
  const second = stream.send({ type: 'phase', phase: 'script', at: 0 });
  assert.ok(first instanceof Promise && stream.busy);
  open();
  await second;
  assert.deepEqual(order, ['warning', 'phase']);
  assert.equal(stream.busy, false);
});

test('a receiver that fails is reported once and still gets the last event', async () => {
  const seen: string[] = [];
  const errors: unknown[] = [];
  const stream = new EventStream(
    (event) => {
      seen.push(event.type);
      if (event.type === 'warning') throw new Error('disk full');
    },
    (error) => errors.push(error),
  );
  await stream.send({ type: 'warning', message: '', at: 0 });
  await stream.send({ type: 'warning', message: '', at: 0 });
  await stream.end({ type: 'phase', phase: 'cleanup', at: 0 });
  await stream.send({ type: 'phase', phase: 'script', at: 0 });
  assert.deepEqual(seen, ['warning', 'phase']);
  assert.equal(errors.length, 1);
});
