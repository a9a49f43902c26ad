import type { Clock } from '@xx-pipeline/common';
import { ApiProblem, ApiUnreachable } from '@xx-pipeline/common/api';

/** How a connection is kept up. */
export interface ConnectionOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Hears once that the server is away, and once that it is back. */
  readonly onNews: (message: string) => void;
  /** Milliseconds without any answer after which it is given up. */
  readonly patience: number;
}

const firstPause = 100;
const longestPause = 5000;

/**
 * Keeps several conversations with one server going over drops and restarts:
 *
 *   works --no answer--> away (said once) --pause, doubled up to 5 s--> again ... --answer--> works (said once)
 *                          '--patience at its end--> the last error
 */
export class Connection {
  readonly #options: ConnectionOptions;
  /** Since when nothing answers; null while it works. */
  #awaySince: number | null = null;
  #told = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  get signal(): AbortSignal {
    return this.#options.signal;
  }

  /** Repeats the work until it gets an answer; only what may be repeated belongs here. */
  async patiently<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    for (let tries = 0; ; tries++) {
      const begun = this.#options.clock.now();
      try {
        const result = await work(this.#options.signal);
        this.works();
        return result;
      } catch (error) {
        await this.failed(error, tries, begun);
      }
    }
  }

  /** The server has answered. */
  works(): void {
    this.#awaySince = null;
    if (this.#told) this.#options.onNews('the server answers again');
    this.#told = false;
  }

  /** Waits before the next try; throws what is no passing trouble, and what has lasted too long. */
  async failed(error: unknown, tries: number, begun: number): Promise<void> {
    const { clock, signal, patience, onNews } = this.#options;
    signal.throwIfAborted();
    if (!isPassing(error)) throw error;
    this.#awaySince ??= begun;
    if (clock.now() - this.#awaySince >= patience) throw error;
    // A server that restarts is back before anybody needs to know.
    if (!this.#told && tries > 0) {
      this.#told = true;
      onNews(`the server cannot be reached, trying again (${(error as Error).message})`);
    }
    const pause = Math.min(longestPause, firstPause * 2 ** Math.min(tries, 10));
    await clock.sleep(pause * (0.5 + Math.random() / 2), signal);
  }
}

/** Trouble that may be over at the next try. */
function isPassing(error: unknown): boolean {
  if (error instanceof ApiUnreachable) return true;
  return error instanceof ApiProblem && error.problem.code === 'unavailable';
}
