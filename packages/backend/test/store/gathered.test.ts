import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StorageError } from '../../src/storage/StorageError.ts';
import { Gathered } from '../../src/store/Gathered.ts';

test('calls that come while others are on their way share the next journey, up to a number', async () => {
  const { gathered, journeys } = make();
  assert.deepEqual(await Promise.all([gathered.run(1), gathered.run(2)]), [10, 20]);
  assert.deepEqual(journeys, [[1, 2]]);
  const later = [3, 4, 5, 6].map((call) => gathered.run(call));
  assert.deepEqual(await Promise.all(later), [30, 40, 50, 60]);
  assert.deepEqual(journeys, [[1, 2], [3, 4, 5], [6]]);
});

test('a call that is refused fails alone', async () => {
  const { gathered, journeys } = make((call) => call === 2 && new Error('no'));
  const results = await Promise.allSettled([1, 2, 3].map((call) => gathered.run(call)));
  assert.deepEqual(
    results.map((result) => (result.status === 'fulfilled' ? result.value : String(result.reason))),
    [10, 'Error: no', 30],
  );
  assert.deepEqual(journeys, [[1, 2, 3], [1], [2], [3]]);
});

test('when the storage is away all fail at once, and later calls are tried', async () => {
  let isAway = true;
  const { gathered, journeys } = make(() => isAway && new StorageError('unavailable', 'away'));
  const results = await Promise.allSettled([1, 2].map((call) => gathered.run(call)));
  assert.deepEqual(
    results.map(({ status }) => status),
    ['rejected', 'rejected'],
  );
  isAway = false;
  assert.equal(await gathered.run(3), 30);
  assert.deepEqual(journeys, [[1, 2], [3]]);
});

/** Answers each number with ten times that, at most three in one journey. */
function make(refusal: (call: number) => Error | false = () => false) {
  const journeys: number[][] = [];
  const gathered = new Gathered(async (calls: readonly number[]) => {
    journeys.push([...calls]);
    for (const call of calls) {
      const error = refusal(call);
      if (error !== false) throw error;
    }
    return calls.map((call) => call * 10);
  }, 3);
  return { gathered, journeys };
}
