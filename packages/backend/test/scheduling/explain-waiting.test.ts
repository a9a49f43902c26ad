import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explainWaiting, type OnlineWorker } from '../../src/scheduling/explain-waiting.ts';

const worker = (special: Partial<OnlineWorker> & { readonly tags?: readonly string[] } = {}): OnlineWorker => {
  const { tags = [], ...rest } = special;
  return { labels: new Set(tags), slots: 2, busy: 0, draining: false, ...rest };
};

const cases: readonly (readonly [string, readonly string[], readonly OnlineWorker[], string | null])[] = [
  ['nobody is there', [], [], 'no worker is online'],
  ['one label is missing', ['gpu'], [worker(), worker()], 'no worker has the label gpu (2 online)'],
  [
    'labels are there, but not together',
    ['gpu', 'big'],
    [worker({ tags: ['gpu'] }), worker({ tags: ['big'] })],
    'no worker has all the labels gpu, big (2 online)',
  ],
  ['all is busy', [], [worker({ busy: 2 }), worker({ busy: 3 })], 'all 4 slots are busy'],
  ['the only slot is busy', [], [worker({ slots: 1, busy: 1 })], 'the only slot is busy'],
  [
    'those with the label are busy',
    ['gpu'],
    [worker({ tags: ['gpu'], busy: 2 }), worker()],
    'all 2 slots of workers with the label gpu are busy',
  ],
  ['all are going away', [], [worker({ draining: true })], 'all workers are draining'],
  [
    'those with the label are going away',
    ['gpu'],
    [worker({ tags: ['gpu'], draining: true }), worker()],
    'all workers with the label gpu are draining',
  ],
  ['one is free', ['gpu'], [worker({ tags: ['gpu'], busy: 1 })], null],
];

for (const [name, tags, workers, expected] of cases) {
  test(`why a job waits when ${name}`, () => assert.equal(explainWaiting(tags, workers), expected));
}
