import type { Clock } from '@xx-pipeline/common';
import type { Topic, Wakeups } from '../events/Wakeups.ts';

/** Remembers hints between two calls of `next`, so that none is lost while the caller is busy. */
export class WakeLatch {
  readonly #clock: Clock;
  readonly #stop: (() => void)[];
  #rung = false;
  #ring: (() => void) | null = null;

  constructor(wakeups: Wakeups, clock: Clock, topics: readonly Topic[]) {
    this.#clock = clock;
    this.#stop = topics.map((topic) =>
      wakeups.listen(topic, () => {
        this.#rung = true;
        this.#ring?.();
      }),
    );
  }

  /** Resolves at a hint since the last call, after `ms`, or when the signal aborts. */
  async next(ms: number, signal: AbortSignal): Promise<void> {
    if (!this.#rung && !signal.aborted) {
      const over = new AbortController();
      const end = () => over.abort();
      signal.addEventListener('abort', end, { once: true });
      this.#ring = end;
      // Hints may get lost, so it looks again after a while in any case.
      await this.#clock.sleep(ms, over.signal).catch(() => {});
      signal.removeEventListener('abort', end);
      this.#ring = null;
    }
    this.#rung = false;
  }

  close(): void {
    for (const stop of this.#stop) stop();
  }
}
