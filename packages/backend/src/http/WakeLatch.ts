import type { Topic, Wakeups } from '../events/Wakeups.ts';

/** Remembers hints between two looks, so that none is lost while somebody is busy. */
export class WakeLatch {
  readonly #stop: (() => void)[];
  #rung = false;
  #ring: (() => void) | null = null;

  constructor(wakeups: Wakeups, topics: readonly Topic[]) {
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
      await new Promise<void>((resolve) => {
        const done = () => {
          clearTimeout(timer);
          signal.removeEventListener('abort', done);
          this.#ring = null;
          resolve();
        };
        // Hints may get lost: look from time to time all the same.
        const timer = setTimeout(done, ms);
        signal.addEventListener('abort', done, { once: true });
        this.#ring = done;
      });
    }
    this.#rung = false;
  }

  close(): void {
    for (const stop of this.#stop) stop();
  }
}
