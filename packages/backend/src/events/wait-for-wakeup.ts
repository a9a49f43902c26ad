import type { Clock } from '@xx-pipeline/common';
import type { Topic, Wakeups } from './Wakeups.ts';

/** Resolves once `isThere` says so, asked at each hint and from time to time (hints get lost), or the signal aborts. */
export async function waitForWakeup(
  { wakeups, clock }: { readonly wakeups: Wakeups; readonly clock: Clock },
  topic: Topic,
  isThere: () => Promise<boolean>,
  { signal, pollMs }: { readonly signal: AbortSignal; readonly pollMs: number },
): Promise<void> {
  let hint = Promise.withResolvers<void>();
  // Before the first question, so that no hint falls between it and the waiting.
  const stop = wakeups.listen(topic, () => hint.resolve());
  try {
    while (!signal.aborted && !(await isThere())) {
      const polled = new AbortController();
      const either = AbortSignal.any([signal, polled.signal]);
      await Promise.race([hint.promise, clock.sleep(pollMs, either).catch(() => undefined)]);
      polled.abort();
      hint = Promise.withResolvers<void>();
    }
  } finally {
    stop();
  }
}
