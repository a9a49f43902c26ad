import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '@xx-pipeline/testing';
import { checkReadiness } from '../../src/http/check-readiness.ts';
import { withBackend } from './BackendRig.ts';

test(
  'whoever opens the address is told what it is, and whoever misses the way too',
  withBackend(async ({ url }) => {
    const greeting = await fetch(url);
    assert.equal(greeting.status, 200);
    assert.match(await greeting.text(), /^xx-pipeline 0\.0\.0-test\n(?:.*\n)+.*openapi\.json/);
    for (const path of ['/api', '/api/job', '/favicon.ico']) {
      const response = await fetch(url + path);
      assert.equal(response.status, 404);
      assert.equal(((await response.json()) as { code: string }).code, 'not_found');
    }
    const wrongMethod = await fetch(`${url}/api/version`, { method: 'DELETE' });
    assert.equal(wrongMethod.status, 404);
  }),
);

test('whether it can serve is asked of all it needs, with patience but not without end', async () => {
  const clock = new ManualClock(0);
  const answer = checkReadiness(
    {
      good: async () => {},
      bad: async () => {
        throw new Error('no space left');
      },
      silent: () => new Promise(() => {}),
    },
    clock,
  );
  await new Promise(setImmediate);
  void clock.advance(2_000);
  assert.deepEqual(await answer, { good: 'ok', bad: 'no space left', silent: 'does not answer' });
});
