/** Lets one at a time through, in the order of asking. */
export class Mutex {
  #last: Promise<void> = Promise.resolve();
  /** The holder of the turn and those that wait for it. */
  #open = 0;

  get isLocked(): boolean {
    return this.#open > 0;
  }

  /** Resolves when it is the caller's turn, with the function that ends it; ending it twice does nothing. */
  lock(): Promise<() => void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    let isOver = false;
    const release = () => {
      if (!isOver) this.#open -= 1;
      isOver = true;
      resolve();
    };
    this.#open += 1;
    const turn = this.#last.then(() => release);
    this.#last = promise;
    return turn;
  }
}
