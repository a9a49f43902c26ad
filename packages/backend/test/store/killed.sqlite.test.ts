import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { makeSqlite } from './databases.ts';
import { at } from './executions.ts';

test('SQLite: a process killed in the middle of changes loses nothing that it has acknowledged', async () => {
  await using database = await makeSqlite();
  const acknowledged = new Map<string, { jobId: string; count: number }>();
  for (const lines of [1, 50, 300]) {
    for (const { id, jobId, count } of await killAfter(lines, database.url, database.stateDirectory)) {
      acknowledged.set(id, { jobId, count });
    }
  }
  assert.ok(acknowledged.size > 0);
  const { executions, logs } = await database.open();
  for (const [id, { jobId, count }] of acknowledged) {
    const found = await executions.find(id);
    const stored = Number(at(found?.execution.jobs ?? [], 0).waitingReason);
    // One more change may have been written without a chance to say so.
    assert.ok(stored === count || stored === count + 1, `${stored} of ${count}`);
    const events = await executions.eventsAfter(id, 0, 10_000);
    assert.deepEqual(
      events.map(({ event }) => event.data),
      Array.from({ length: stored }, (_, index) => ({ count: index + 1 })),
    );
    const segments = await logs.read({ jobId, attempt: 1 }, 0, 1_000_000);
    const text = Buffer.concat(segments.map(({ chunk }) => chunk.bytes)).toString();
    const expected = Array.from({ length: stored }, (_, index) => `line ${index + 1}\n`).join('');
    assert.ok(expected.startsWith(text));
    assert.ok(text.split('\n').length - 1 >= count);
    for (const { chunk } of segments) {
      const number = Number(/line (\d+)/.exec(Buffer.from(chunk.bytes).toString())?.[1]);
      assert.deepEqual([chunk.at, chunk.stream], [number, number % 2 === 0 ? 'stdout' : 'stderr']);
    }
  }
});

/** Lets a process change executions and kills it after so many acknowledgements; gives all of them. */
async function killAfter(
  lines: number,
  ...parameters: string[]
): Promise<{ id: string; jobId: string; count: number }[]> {
  const script = fileURLToPath(import.meta.resolve('./keep-changing.ts'));
  const child = spawn(process.execPath, [script, ...parameters], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const seen: { id: string; jobId: string; count: number }[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    // Killed in the middle of a line: that one was not said.
    if (line.endsWith('}')) seen.push(JSON.parse(line));
    if (seen.length === lines) child.kill('SIGKILL');
  }
  assert.deepEqual(await ended, [null, 'SIGKILL']);
  return seen;
}
