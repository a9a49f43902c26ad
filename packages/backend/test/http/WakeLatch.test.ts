import { test } from 'node:test';
import { systemClock } from '@xx-pipeline/common';
import { LocalWakeups } from '../../src/events/LocalWakeups.ts';
import { WakeLatch } from '../../src/http/WakeLatch.ts';

/** Longer than any test may take: only a hint or the signal ends such a wait. */
const forever = 2 ** 31 - 1;

test('a hint that comes while nobody waits is not lost, and counts once', async () => {
  const wakeups = new LocalWakeups();
  const latch = new WakeLatch(wakeups, systemClock, ['log:a.1']);
  const stop = new AbortController();
  wakeups.notify('log:a.1');
  await latch.next(forever, stop.signal);
  const next = latch.next(forever, stop.signal);
  wakeups.notify('log:a.2');
  wakeups.notify('log:a.1');
  await next;
  const last = latch.next(forever, stop.signal);
  stop.abort();
  await last;
  latch.close();
});

test('who waits looks from time to time, because hints get lost', async () => {
  const latch = new WakeLatch(new LocalWakeups(), systemClock, ['log:a.1']);
  await latch.next(1, new AbortController().signal);
  latch.close();
});
