import assert from 'node:assert/strict';
import { test } from 'node:test';
import { logName } from '../../src/logs/log-name.ts';
import { makePostgres } from '../store/databases.ts';
import { at } from '../store/executions.ts';
import { testLogs } from './logs-suite.ts';

testLogs('PostgreSQL', makePostgres);

test('PostgreSQL: two backends that are given one log write it once, and each reads what the other wrote', async () => {
  await using database = await makePostgres();
  const both = [await database.open(), await database.open()];
  const key = { jobId: 'aabbccdd', attempt: 1 };
  const whole = Buffer.from(Array.from({ length: 200 }, (_, index) => `line ${index}\n`).join(''));
  await Promise.all(
    both.map(async ({ logs }, index) => {
      for (let offset = 0; offset < whole.length; ) {
        const bytes = whole.subarray(offset, offset + 10 + index * 7);
        offset = (await logs.append(key, offset, [{ stream: 'stdout', at: 1, bytes }])).nextOffset;
      }
    }),
  );
  for (const { logs } of both) {
    const segments = await logs.read(key, 0, whole.length);
    assert.equal(Buffer.concat(segments.map(({ chunk }) => chunk.bytes)).toString(), whole.toString());
  }
  const grown = new Promise<void>((resolve) => at(both, 0).wakeups.listen(`log:${logName(key)}`, resolve));
  await at(both, 1).logs.append(key, whole.length, [{ stream: 'stdout', at: 1, bytes: Buffer.from('!') }]);
  await grown;
  assert.equal(await at(both, 0).logs.size(key), whole.length + 1);
});
