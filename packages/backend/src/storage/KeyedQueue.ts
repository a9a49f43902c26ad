/** Runs tasks with the same key one after the other, others at the same time. */
export class KeyedQueue {
  readonly #last = new Map<string, Promise<void>>();

  /** Resolves when the tasks that were given so far are done; at once when there are none. */
  done(key: string): Promise<void> | undefined {
    return this.#last.get(key);
  }

  run<T>(key: string, task: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key);
    const result = before === undefined ? task() : before.then(task);
    const forget = () => {
      if (this.#last.get(key) === settled) this.#last.delete(key);
    };
    // The chain never rejects; the caller has the result.
    const settled: Promise<void> = result.then(forget, forget);
    this.#last.set(key, settled);
    return result;
  }
}
