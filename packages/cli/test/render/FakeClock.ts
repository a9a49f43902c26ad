import type { Clock } from '@xx-pipeline/common';

/** Time that passes only when told to. */
export class FakeClock implements Clock {
  #now: number;
  #sleepers: { until: number; wake: () => void }[] = [];

  constructor(start: number) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#sleepers.push({ until: this.#now + ms, wake: resolve });
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
  }

  /** Moves on to a time, waking sleepers in their order. */
  async advanceTo(time: number): Promise<void> {
    for (;;) {
      this.#sleepers.sort((left, right) => left.until - right.until);
      const next = this.#sleepers[0];
      if (next === undefined || next.until > time) {
        break;
      }
      this.#sleepers.shift();
      this.#now = next.until;
      next.wake();
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#now = time;
  }
}
