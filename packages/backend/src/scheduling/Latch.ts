import type { Clock } from '@xx-pipeline/common';

/** Something to do; set any number of times before it is waited for, it opens once. */
export class Latch {
  #isSet = false;
  #waiting: (() => void) | null = null;

  set(): void {
    this.#isSet = true;
    this.#waiting?.();
  }

  /** Resolves, and closes again, when it is set, the time is over or the signal aborts. */
  async opened(ms: number, clock: Clock, signal: AbortSignal): Promise<void> {
    if (!this.#isSet && !signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const sleeping = new AbortController();
      this.#waiting = resolve;
      signal.addEventListener('abort', () => resolve(), { once: true, signal: sleeping.signal });
      clock.sleep(ms, sleeping.signal).then(resolve, () => {});
      await promise;
      sleeping.abort('opened');
      this.#waiting = null;
    }
    this.#isSet = false;
  }
}
