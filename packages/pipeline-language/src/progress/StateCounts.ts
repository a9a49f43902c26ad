/** The number of jobs in each state, by the bit of the state. */
export class StateCounts {
  readonly #counts = new Map<number, number>();

  /** Adds jobs in a state, or removes them with a negative number. */
  add(symbol: number, by: number): void {
    this.#counts.set(symbol, (this.#counts.get(symbol) ?? 0) + by);
  }

  /** The united bits of all states that a job is in. */
  get set(): number {
    let set = 0;
    for (const [symbol, count] of this.#counts) if (count > 0) set |= symbol;
    return set;
  }
}
