import type { Clock } from '@xx-pipeline/common';

/** Two calls of the sweeper further apart than this, ms: the machine slept, or this process could not run. */
const longestGap = 10_000;

/**
 * The time during which heartbeats could be received without a break. An expired lease says something about a worker only
 * if a backend was listening: after a start, a standstill or an outage of the database every worker gets its whole time
 * again.
 */
export class ListeningTime {
  readonly #clock: Clock;
  #since: number;
  #lastCall: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#since = clock.now();
    this.#lastCall = this.#since;
  }

  /** A heartbeat could not be received, or not be written: the time begins anew. */
  interrupted(): void {
    this.#since = this.#clock.now();
  }

  /** The time so far, ms. Must be called regularly: a long gap between two calls is a standstill. */
  elapsed(): number {
    const now = this.#clock.now();
    if (now - this.#lastCall > longestGap || now < this.#lastCall) this.#since = now;
    this.#lastCall = now;
    return now - this.#since;
  }
}
