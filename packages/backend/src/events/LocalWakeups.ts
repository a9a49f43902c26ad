import type { Topic, Wakeups } from './Wakeups.ts';

/** Wakes up code in this process: enough when one process has the whole database. */
export class LocalWakeups implements Wakeups {
  readonly #listeners = new Map<Topic, Set<() => void>>();

  notify(topic: Topic): void {
    // A copy: listeners come and go while they are called.
    for (const listener of [...(this.#listeners.get(topic) ?? [])]) listener();
  }

  /** Everybody: hints may have been lost. */
  notifyAll(): void {
    for (const topic of [...this.#listeners.keys()]) this.notify(topic);
  }

  listen(topic: Topic, listener: () => void): () => void {
    const listeners = this.#listeners.get(topic) ?? new Set();
    // The same function may listen twice.
    const own = () => listener();
    listeners.add(own);
    this.#listeners.set(topic, listeners);
    return () => {
      listeners.delete(own);
      if (listeners.size === 0 && this.#listeners.get(topic) === listeners) this.#listeners.delete(topic);
    };
  }

  async close(): Promise<void> {
    this.#listeners.clear();
  }
}
