import { type Clock, orAborted } from '@xx-pipeline/common';
import type { Fence } from './Fence.ts';

/** A clock on which nothing runs out while the fence is closed: timeouts of jobs that cannot go on. */
export class FencedClock implements Clock {
  readonly #clock: Clock;
  readonly #fence: Pick<Fence, 'closedMs' | 'opened'>;

  constructor(clock: Clock, fence: Pick<Fence, 'closedMs' | 'opened'>) {
    this.#clock = clock;
    this.#fence = fence;
  }

  now(): number {
    return this.#clock.now();
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    for (let left = ms; left > 0; ) {
      const { closedMs } = this.#fence;
      await this.#clock.sleep(left, signal);
      left = this.#fence.closedMs - closedMs;
      await (signal === undefined ? this.#fence.opened() : orAborted(this.#fence.opened(), signal));
    }
  }
}
