import type { Clock } from '@xx-pipeline/common';

/** A timer of the platform holds about 24 days; a job may be given a month. */
const longestSleep = 2 ** 30;
/** A reason of our own: making the platform's takes longer than the rest of this. */
const isOver = 'over';

/** Aborts its signal after a time, unless it is lifted before. */
export class TimeLimit {
  readonly #late = new AbortController();
  readonly #lifted = new AbortController();

  constructor(clock: Clock, ms: number, reason?: unknown) {
    this.#wait(clock, ms).then(
      () => this.#late.abort(reason),
      () => {},
    );
  }

  /** Aborts when the time is over. */
  get signal(): AbortSignal {
    return this.#late.signal;
  }

  /** Nothing will happen any more. */
  lift(): void {
    this.#lifted.abort(isOver);
  }

  async #wait(clock: Clock, ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= longestSleep) {
      await clock.sleep(Math.min(left, longestSleep), this.#lifted.signal);
    }
  }
}
