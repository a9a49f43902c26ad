import type { LoadedExecution } from './ExecutionLoader.ts';
import type { WriteChain } from './ExecutionWriter.ts';

/**
 * Changes of one execution on their way to the disk, each decided on the one before. Once one is not stored, for
 * whatever reason, what was decided on it must not be either.
 */
export class ExecutionChain implements WriteChain {
  isBroken = false;
  /** The execution as it will be when all of them are stored. */
  latest: LoadedExecution;
  #last: Promise<boolean> = Promise.resolve(true);
  #open = 0;

  constructor(latest: LoadedExecution) {
    this.latest = latest;
  }

  /** Whether all that were added so far are stored. */
  get stored(): Promise<boolean> {
    return this.#last;
  }

  /** Nothing is on its way any more, or nothing more may be added. */
  get isOver(): boolean {
    return this.isBroken || this.#open === 0;
  }

  /** Adds a change. `write` returns whether it was stored; if not, those behind it are not stored either. */
  add(latest: LoadedExecution, write: () => Promise<boolean>): Promise<boolean> {
    this.latest = latest;
    this.#open += 1;
    const written = this.#settle(write());
    this.#last = written.catch(() => false);
    return written;
  }

  async #settle(written: Promise<boolean>): Promise<boolean> {
    let isStored = false;
    try {
      isStored = await written;
      return isStored;
    } finally {
      this.#open -= 1;
      if (!isStored) this.isBroken = true;
    }
  }
}
