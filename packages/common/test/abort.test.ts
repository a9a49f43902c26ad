import { deepEqual, equal, rejects } from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { aborted, Background, messageOf, orAborted, systemIds, whenAborted } from '@xx-pipeline/common';

test('aborted resolves with the signal, and rejects when the other one comes first', async () => {
  const [signal, unless] = [new AbortController(), new AbortController()];
  const first = aborted(signal.signal, unless.signal);
  signal.abort();
  await first;
  await aborted(signal.signal);
  const second = aborted(new AbortController().signal, unless.signal);
  unless.abort(new Error('over'));
  await rejects(second, /over/);
  equal(getEventListeners(unless.signal, 'abort').length, 0);
});

test('orAborted gives the result, the error of the work, or the reason of the signal, and leaves no listener', async () => {
  const controller = new AbortController();
  const { signal } = controller;
  equal(await orAborted(Promise.resolve(1), signal), 1);
  await rejects(orAborted(Promise.reject(new Error('broken')), signal), /broken/);
  equal(getEventListeners(signal, 'abort').length, 0);
  const late = Promise.withResolvers<void>();
  const waiting = orAborted(late.promise, signal);
  controller.abort(new Error('enough'));
  await rejects(waiting, /enough/);
  await rejects(orAborted(late.promise, signal), /enough/);
  // Handled: an error that comes after the abort must not end the process.
  late.reject(new Error('too late'));
  await new Promise(setImmediate);
});

test('whenAborted acts once, also for a signal that has aborted before', () => {
  const seen: unknown[] = [];
  const controller = new AbortController();
  whenAborted(controller.signal, (reason) => seen.push(reason));
  controller.abort('stop');
  whenAborted(controller.signal, (reason) => seen.push(reason));
  deepEqual(seen, ['stop', 'stop']);
});

test('background work is awaited with all that it starts, and its errors go to one place', async () => {
  const errors: string[] = [];
  const background = new Background((error) => errors.push(messageOf(error)));
  const done: string[] = [];
  background.run(
    Promise.resolve().then(() => {
      background.run(Promise.resolve().then(() => done.push('second')));
      throw new Error('first failed');
    }),
  );
  await background.settled();
  deepEqual([done, errors], [['second'], ['first failed']]);
});

test('ids are version 7 UUIDs that sort by time', () => {
  const before = Date.now();
  const ids = Array.from({ length: 50 }, () => systemIds.next());
  equal(new Set(ids).size, ids.length);
  for (const id of ids) equal(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id), true);
  const time = Number.parseInt((ids[0] as string).replaceAll('-', '').slice(0, 12), 16);
  equal(time >= before && time <= Date.now(), true);
});
