/** Workers that have refused jobs or do not answer: each is left alone for a while, longer each time. */
export class Backoff {
  readonly #failures = new Map<string, { count: number; until: number }>();

  /** Tells how long it is left alone, ms. */
  failed(
    workerId: string,
    now: number,
    { first, longest }: { readonly first: number; readonly longest: number },
  ): number {
    const count = (this.#failures.get(workerId)?.count ?? 0) + 1;
    const pause = Math.min(longest, first * 2 ** Math.min(count - 1, 20));
    this.#failures.set(workerId, { count, until: now + pause });
    return pause;
  }

  succeeded(workerId: string): void {
    this.#failures.delete(workerId);
  }

  /** The last that was heard of it was a failure. */
  isSuspect(workerId: string): boolean {
    return this.#failures.has(workerId);
  }

  isResting(workerId: string, now: number): boolean {
    return (this.#failures.get(workerId)?.until ?? 0) > now;
  }
}
