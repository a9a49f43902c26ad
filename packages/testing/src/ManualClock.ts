import type { Clock } from '@xx-pipeline/common';

interface Sleeper {
  readonly due: number;
  readonly wake: () => void;
}

/** A clock that moves only when told to: tests and simulations decide what time it is. */
export class ManualClock implements Clock {
  #now: number;
  readonly #sleepers = new Set<Sleeper>();

  constructor(now = 0) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  /** How many wait for the time to come. */
  get sleeping(): number {
    return this.#sleepers.size;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const onAbort = () => {
        this.#sleepers.delete(sleeper);
        reject(signal?.reason);
      };
      const sleeper: Sleeper = {
        due: this.#now + ms,
        wake: () => {
          this.#sleepers.delete(sleeper);
          signal?.removeEventListener('abort', onAbort);
          resolve();
        },
      };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** Moves the time on; whoever is due wakes in the order of the times, each before the next time comes. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#now = Math.max(this.#now, next.due);
      next.wake();
      await settle();
    }
    this.#now = end;
  }

  /**
   * Moves the time on from sleeper to sleeper until the promise settles; then gives its result.
   * Never jumps further than `longestJump` (20 minutes): work in threads and files takes no time on this clock,
   * and a far-off limit must not strike while such work is under way. Throws when nothing moves any more.
   */
  async runUntil<T>(promise: Promise<T>, longestJump = 1_200_000): Promise<T> {
    let settled = false;
    const done = () => {
      settled = true;
    };
    promise.then(done, done);
    for (let idle = 0; ; idle++) {
      await settle();
      if (settled) return promise;
      const next = this.#next(this.#now + longestJump);
      if (next !== undefined) {
        this.#now = Math.max(this.#now, next.due);
        next.wake();
        idle = 0;
      } else {
        if (idle > 5000) throw new Error('the promise waits for something that neither time nor work under way brings');
        if (idle > 10) await new Promise((resolve) => setTimeout(resolve, 1));
      }
    }
  }

  #next(end: number): Sleeper | undefined {
    let first: Sleeper | undefined;
    for (const sleeper of this.#sleepers) {
      if (sleeper.due <= end && (first === undefined || sleeper.due < first.due)) first = sleeper;
    }
    return first;
  }
}

/** Lets everything run that can run without time passing. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
}
