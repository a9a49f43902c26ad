import type { Clock } from '@xx-pipeline/common';

/** Longest wait for a notification, ms, for file systems that send none. */
const longestWait = 500;

/** Wakes a reader that has read everything. */
export class News {
  readonly #clock: Clock;
  #wake: (() => void) | null = null;
  #hasCome = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** There may be more to read. */
  announce(): void {
    this.#hasCome = true;
    this.#wake?.();
  }

  /** Resolves with true after an announcement since the last call, with false when none came in time. */
  async next(): Promise<boolean> {
    if (!this.#hasCome) {
      const enough = new AbortController();
      const announced = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      await Promise.race([announced, this.#clock.sleep(longestWait, enough.signal).catch(() => {})]);
      enough.abort();
      this.#wake = null;
    }
    const hasCome = this.#hasCome;
    this.#hasCome = false;
    return hasCome;
  }
}
