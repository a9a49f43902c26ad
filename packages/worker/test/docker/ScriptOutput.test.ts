import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '@xx-pipeline/testing';
import type { OutputSink } from '../../src/execution/JobExecutor.ts';
import { helloMark } from '../../src/execution/shell/bootstrap.ts';
import type { OutputStream } from '../../src/execution/shell/MarkBarrier.ts';
import { ScriptOutput } from '../../src/execution/shell/ScriptOutput.ts';

/** An output under test and what came of it. */
function rig(sink: Partial<OutputSink> = {}) {
  const clock = new ManualClock();
  const told: string[] = [];
  const output = new ScriptOutput(
    {
      sink: {
        write: (stream, bytes) => void told.push(`${stream} ${Buffer.from(bytes).toString()}`),
        mark: (mark) => told.push(`mark ${mark}`),
        ...sink,
      },
      clock,
      token: 'TOKEN',
      mark: '@@',
      greeted: (pid) => told.push(`hello ${pid}`),
      ended: (exitCode) => told.push(`ended ${exitCode}`),
      failed: (error) => told.push(`failed ${(error as Error).message}`),
    },
    false,
  );
  const push = (stream: OutputStream, text: string) => output.push(stream, Buffer.from(text));
  return { clock, told, output, push };
}

test('a script is taken apart into hello, marks, output and its end', async () => {
  const { told, push, clock } = rig();
  await push('stdout', `${helloMark} 7\n@@0\none\n`);
  await push('stderr', '@@0\nTOK');
  await push('stdout', 'TOKEN 3\n');
  await push('stderr', 'EN 3\n');
  assert.deepEqual(told, ['hello 7', 'mark 0', 'stdout one\n', 'ended 3']);
  assert.equal(clock.sleeping, 0);
});

test('a stream whose mark does not come is waited for a second, and then no more', async () => {
  const { told, push, clock } = rig();
  await push('stdout', '@@0\none\n');
  await clock.advance(999);
  assert.deepEqual(told, []);
  await clock.advance(1);
  await push('stdout', '@@1\ntwo\n');
  assert.deepEqual(told, ['mark 0', 'stdout one\n', 'mark 1', 'stdout two\n']);
});

test('a second in which the sink takes no output is no second without a mark', async () => {
  let release = () => {};
  const told: string[] = [];
  const { push, clock } = rig({
    write: (stream, bytes) => {
      told.push(`${stream} ${Buffer.from(bytes).toString()}`);
      return new Promise<void>((resolve) => (release = resolve));
    },
    mark: (mark) => told.push(`mark ${mark}`),
  });
  await push('stdout', '@@0\none\n');
  const stalled = push('stderr', 'before\n');
  await clock.advance(10_000);
  release();
  await stalled;
  await clock.advance(500);
  const last = push('stderr', '@@0\n');
  release();
  await last;
  assert.deepEqual(told, ['stderr before\n', 'mark 0', 'stdout one\n']);
});

test('a sink that is a little slow does not keep a stream held while the other one goes on', async () => {
  const told: string[] = [];
  const { push, clock } = rig({
    write: async (stream) => {
      told.push(stream);
      await clock.sleep(10);
    },
    mark: (mark) => told.push(`mark ${mark}`),
  });
  await push('stdout', '@@0\none\n');
  for (let line = 0; line < 15; line += 1) {
    const taken = push('stderr', 'line\n');
    await clock.advance(100);
    await taken;
  }
  assert.equal(told.indexOf('mark 0'), 12);
  assert.ok(told.includes('stdout'));
});

test('what a script has written is handed on when its container is lost', async () => {
  const { told, push, output, clock } = rig();
  await push('stdout', '@@0\none\n@@1\nhalf of a mar@');
  const { begun } = output;
  await output.lose();
  assert.deepEqual(told, ['mark 0', 'stdout one\n', 'mark 1', 'stdout half of a mar', 'stdout @']);
  assert.deepEqual([begun, clock.sleeping], [null, 0]);
});

test('a sink that fails while nothing is read is told', async () => {
  const { told, push, clock } = rig({ write: () => Promise.reject(new Error('full')) });
  await push('stdout', '@@0\none\n');
  await clock.advance(1000);
  assert.deepEqual(told, ['mark 0', 'failed full']);
});

test('a script is known to run by its first mark or output, not by what an entrypoint printed before', async () => {
  const { output, push } = rig();
  const { begun } = output;
  await push('stdout', 'from the entrypoint\n');
  await push('stderr', 'from the entrypoint\n');
  assert.notEqual(output.begun, null);
  await push('stdout', `${helloMark} 1\nx`);
  assert.deepEqual([output.begun, await begun], [null, true]);
});
