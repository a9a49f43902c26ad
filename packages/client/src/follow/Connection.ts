import { type Clock, messageOf } from '@xx-pipeline/common';
import { isTransient, retryPause } from '@xx-pipeline/common/api';

/** How long a connection retries, and how it reports that. */
export interface ConnectionOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Called once when the server is unreachable, and once when it is reachable again. */
  readonly onNotice: (message: string) => void;
  /** Milliseconds without any answer until no retry follows. */
  readonly budgetMs: number;
}

const pauses = { firstMs: 100, longestMs: 5000 };

/**
 * Retries the calls of several conversations with one server, which share one budget:
 *
 *   reachable --no answer--> unreachable (reported once) --pause, doubled up to 5 s--> retry --answer--> reachable (reported once)
 *                              '--budget used up--> the last error
 */
export class Connection {
  readonly #options: ConnectionOptions;
  /** Since when no call was answered; null while the server is reachable. */
  #unreachableSince: number | null = null;
  #isReported = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  get signal(): AbortSignal {
    return this.#options.signal;
  }

  get clock(): Clock {
    return this.#options.clock;
  }

  /** Retries the work until it gets an answer. Only for calls that may be carried out twice. */
  async call<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    for (let tries = 0; ; tries++) {
      const begun = this.#options.clock.now();
      try {
        const result = await work(this.#options.signal);
        this.succeeded();
        return result;
      } catch (error) {
        await this.pauseAfter(error, tries, begun);
      }
    }
  }

  /** Notes that the server has answered. */
  succeeded(): void {
    this.#unreachableSince = null;
    if (this.#isReported) this.#options.onNotice('server reachable again');
    this.#isReported = false;
  }

  /**
   * Waits before the retry of a call that began at `begun`. Throws the error if it is not transient, or if the server
   * was unreachable for the whole budget.
   */
  async pauseAfter(error: unknown, tries: number, begun: number): Promise<void> {
    const { clock, signal, budgetMs, onNotice } = this.#options;
    signal.throwIfAborted();
    if (!isTransient(error)) throw error;
    this.#unreachableSince ??= begun;
    if (clock.now() - this.#unreachableSince >= budgetMs) throw error;
    // A first failure is not reported: a server that restarts is back soon.
    if (!this.#isReported && tries > 0) {
      this.#isReported = true;
      onNotice(`server unreachable, retrying (${messageOf(error)})`);
    }
    await clock.sleep(retryPause(tries + 1, pauses), signal);
  }
}
