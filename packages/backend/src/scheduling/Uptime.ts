import type { Clock } from '@xx-pipeline/common';

/** Two looks of the sweeper further apart than this: the machine slept, or this process could not run. */
const longestGap = 10_000;

/**
 * Since when workers can have been heard without a break. A lease says something about a worker only when somebody
 * was there to listen: after a start, a standstill or an outage of the database every worker gets its whole time again.
 */
export class Uptime {
  readonly #clock: Clock;
  #since: number;
  #lastLook: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#since = clock.now();
    this.#lastLook = this.#since;
  }

  /** Workers could not be heard just now. */
  interrupted(): void {
    this.#since = this.#clock.now();
  }

  /** ms; to be asked regularly. */
  look(): number {
    const now = this.#clock.now();
    if (now - this.#lastLook > longestGap || now < this.#lastLook) this.#since = now;
    this.#lastLook = now;
    return now - this.#since;
  }
}
