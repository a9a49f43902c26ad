/** Runs tasks with the same key one after the other, others at the same time. */
export class KeyedQueue {
  readonly #last = new Map<string, Promise<void>>();

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
