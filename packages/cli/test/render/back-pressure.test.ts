import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRunRenderer } from '../../src/render/create-run-renderer.ts';
import { FakeStream, fakeIo } from './FakeIo.ts';
import { expandCase, type RunCase } from './run-case.ts';

const noisy: RunCase = {
  pipeline: 'p',
  jobs: [{ name: 'noisy', stage: 'test' }],
  status: 'SUCCESS',
  steps: [
    { at: 1, start: 'noisy' },
    { job: 'noisy', phase: 'script' },
    { job: 'noisy', log: 'line {n}\n', repeat: 100 },
    { at: 2, finish: 'noisy', status: 'SUCCESS' },
  ],
};

for (const format of ['text', 'ndjson'] as const) {
  test(`a slow reader of ${format} holds up the run instead of filling the memory`, async () => {
    const stdout = new FakeStream();
    stdout.slow = true;
    const renderer = createRunRenderer({ format, io: fakeIo(stdout, new FakeStream()) });
    for (const { event } of expandCase(noisy)) {
      const { pauses, text } = stdout;
      const done = renderer.event(event);
      const printed = stdout.text !== text;
      assert.equal(done instanceof Promise, printed);
      assert.equal(stdout.pauses, pauses + (printed ? 1 : 0));
      await done;
    }
  });
}

test('a live run keeps only the end of what its jobs print', async () => {
  const stdout = new FakeStream();
  stdout.isTTY = true;
  const renderer = createRunRenderer({ format: 'text', io: fakeIo(stdout, new FakeStream(), { TERM: 'xterm' }) });
  const events = [...expandCase(noisy)].map(({ event }) => event);
  const log = events.find((event) => event.type === 'job-event' && event.event.type === 'log');
  const finish = events.findIndex((event) => event.type === 'job-event' && event.event.type === 'finished');
  for (const event of events.slice(0, finish)) {
    await renderer.event(event);
  }
  const before = process.memoryUsage().arrayBuffers;
  for (let index = 0; index < 20_000 && log !== undefined; index += 1) {
    await renderer.event(log);
  }
  assert.ok(process.memoryUsage().arrayBuffers - before < 5_000_000);
  for (const event of events.slice(finish)) {
    await renderer.event(event);
  }
  assert.match(stdout.text, /noisy .*success|✓/);
});

test('CI systems and dumb terminals get lines although they say they are terminals', async () => {
  for (const env of [{ TERM: 'xterm', CI: 'true' }, { TERM: 'dumb' }]) {
    const stdout = new FakeStream();
    stdout.isTTY = true;
    const renderer = createRunRenderer({ format: 'text', io: fakeIo(stdout, new FakeStream(), env) });
    for (const { event } of expandCase(noisy)) {
      await renderer.event(event);
    }
    assert.match(stdout.text, /noisy │ line 100\n/);
  }
});
