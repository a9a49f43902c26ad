import type { ReleaseSlot } from '../execution/index.ts';

/** A worker's places for running jobs, given in the order in which they are asked for. */
export class Slots {
  readonly size: number;
  #taken = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(size: number) {
    this.size = size;
  }

  get taken(): number {
    return this.#taken;
  }

  /** A slot, when one is free. */
  async acquire(): Promise<ReleaseSlot> {
    if (this.#taken >= this.size) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#taken++;
    return this.#releaseOnce();
  }

  /** A slot at once, whether one is free or not: for jobs that run already. */
  occupy(): ReleaseSlot {
    this.#taken++;
    return this.#releaseOnce();
  }

  #releaseOnce(): ReleaseSlot {
    let released = false;
    return () => {
      if (released) return;
      released = true;
      const next = this.#taken <= this.size ? this.#waiting.shift() : undefined;
      // Handed on, the slot stays taken.
      if (next === undefined) this.#taken--;
      else next();
    };
  }
}
