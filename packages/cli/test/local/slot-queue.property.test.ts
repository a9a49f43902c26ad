import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SlotQueue, type Turn } from '../../src/local/SlotQueue.ts';

/** A queue of `slots` slots in which the jobs 0, 1, … wait. */
function queueOf(slots: number, jobs: number): SlotQueue {
  const queue = new SlotQueue(slots);
  for (let job = 0; job < jobs; job++) queue.push(job);
  return queue;
}

function takeAll(queue: SlotQueue): Turn[] {
  return Array.from({ length: 100 }, () => queue.take()).filter((turn) => turn !== null);
}

test('a job that was promised a slot gets it when its job has ended, though others wait longer for any slot', () => {
  const queue = queueOf(2, 5);
  takeAll(queue);
  assert.deepEqual([queue.promise(2), queue.promise(3), queue.promise(4)], [[0], [1], null]);
  queue.release(1);
  assert.deepEqual(takeAll(queue), [{ job: 3, slot: 1 }]);
  queue.release(0);
  assert.deepEqual(takeAll(queue), [{ job: 2, slot: 0 }]);
});

test('a promise makes nobody wait: with a free slot and only promised jobs, the first of them starts', () => {
  const queue = queueOf(2, 3);
  takeAll(queue);
  assert.deepEqual(queue.promise(2), [0]);
  queue.release(1);
  assert.deepEqual(takeAll(queue), [{ job: 2, slot: 1 }]);
});

test('nobody is passed more often than there are slots', () => {
  const queue = queueOf(2, 9);
  takeAll(queue);
  queue.promise(2);
  const started = Array.from({ length: 4 }, () => {
    queue.release(1);
    return takeAll(queue)[0]?.job;
  });
  assert.deepEqual(started, [3, 4, 2, 5]);
});

test('whatever happens, every job starts once, no slot holds two, and no slot is free while a job waits', () => {
  const step = fc.oneof(
    fc.constant('push' as const),
    fc.constant('promise' as const),
    fc.nat(7).map((release) => ({ release })),
  );
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4 }), fc.array(step, { maxLength: 80 }), (slots, steps) => {
      const queue = new SlotQueue(slots);
      const waiting = new Set<number>();
      const held = new Map<number, number>();
      let jobs = 0;
      const take = () => {
        for (let turn = queue.take(); turn !== null; turn = queue.take()) {
          assert.ok(waiting.delete(turn.job));
          assert.equal(held.has(turn.slot), false);
          held.set(turn.slot, turn.job);
        }
        assert.ok(waiting.size === 0 || held.size === slots);
        assert.equal(queue.isEmpty, waiting.size === 0);
        assert.equal(queue.free, slots - held.size);
      };
      for (const step of steps) {
        if (step === 'push') {
          waiting.add(jobs);
          queue.push(jobs++);
        } else if (step === 'promise') {
          const [job] = queue.near;
          if (job !== undefined)
            for (const other of queue.promise(job) ?? []) assert.ok([...held.values()].includes(other));
        } else {
          const slot = [...held.keys()][step.release % Math.max(1, held.size)];
          if (slot !== undefined) {
            held.delete(slot);
            queue.release(slot);
          }
        }
        take();
      }
    }),
  );
});
