import type { Clock } from '@xx-pipeline/common';

/** A timer of the platform holds about 24 days; a job may be given a month. */
const longestSleep = 2 ** 30;
/** A reason of our own: making the platform's takes longer than the rest of this. */
const isStopped = 'stopped';

/**
 * Aborts its signal after a time, unless it is lifted before.
 *
 *   running <--pause, resume--> paused
 *      '--time is up--> late       '--lift (from either)--> lifted
 */
export class TimeLimit {
  readonly #clock: Clock;
  readonly #reason: unknown;
  readonly #late = new AbortController();
  #left: number;
  #since = 0;
  /** Stops the timer that runs; null while none does. */
  #timer: AbortController | null = null;
  #isLifted = false;

  constructor(clock: Clock, ms: number, reason?: unknown) {
    this.#clock = clock;
    this.#left = ms;
    this.#reason = reason;
    this.resume();
  }

  /** Aborts when the time is up. */
  get signal(): AbortSignal {
    return this.#late.signal;
  }

  /** The time that passes until `resume` does not count. */
  pause(): void {
    if (this.#timer === null) return;
    this.#left -= this.#clock.now() - this.#since;
    this.#timer.abort(isStopped);
    this.#timer = null;
  }

  /** Counts the time again. Does nothing after `lift`. */
  resume(): void {
    if (this.#timer !== null || this.#isLifted) return;
    this.#since = this.#clock.now();
    const timer = new AbortController();
    this.#timer = timer;
    this.#wait(this.#left, timer.signal).then(
      () => this.#late.abort(this.#reason),
      () => {},
    );
  }

  /** The signal will not abort any more. */
  lift(): void {
    this.#isLifted = true;
    this.pause();
  }

  async #wait(ms: number, signal: AbortSignal): Promise<void> {
    for (let left = ms; left > 0; left -= longestSleep) {
      await this.#clock.sleep(Math.min(left, longestSleep), signal);
    }
  }
}
