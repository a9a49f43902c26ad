import { type Clock, noTimings, type PhaseTimings } from '@xx-pipeline/common';

type Bucket = keyof PhaseTimings | 'none';

/** Adds up how long an attempt spent on what. Exactly one bucket runs at a time. */
export class PhaseTimer {
  readonly #clock: Clock;
  readonly #spent: Record<Bucket, number> = { ...noTimings, none: 0 };
  #bucket: Bucket = 'queue';
  #since: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#since = clock.now();
  }

  /** From now on time goes to another bucket; what it had before, since `since`, is added. */
  switchTo(bucket: Bucket, since?: number): void {
    const now = this.#clock.now();
    this.#spent[this.#bucket] += Math.max(0, now - this.#since);
    this.#since = Math.min(now, since ?? now);
    this.#bucket = bucket;
  }

  /** What has been spent; stops the timer. */
  stop(): PhaseTimings {
    this.switchTo('none');
    const { none: _, ...timings } = this.#spent;
    return timings;
  }
}
