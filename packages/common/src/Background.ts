/** Work that is not awaited where it starts. Its owner awaits all of it before it closes. */
export class Background {
  readonly #running = new Set<Promise<void>>();
  readonly #onError: (error: unknown) => void;

  /** `onError` is called with what a piece of work rejects with. */
  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  run(work: Promise<unknown>): void {
    const tracked: Promise<void> = work.then(() => {}, this.#onError).finally(() => this.#running.delete(tracked));
    this.#running.add(tracked);
  }

  /** Resolves when all work has ended, including work that starts meanwhile. Rejects only with what `onError` throws. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }
}
