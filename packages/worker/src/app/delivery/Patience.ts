import type { Clock } from '@xx-pipeline/common';
import { ApiProblem } from '@xx-pipeline/common/api';

/** How long and how often a call is repeated. Times in milliseconds. */
export interface PatienceOptions {
  readonly clock: Clock;
  /** From the first failure on, until a call is given up. Default a day. */
  readonly budgetMs?: number;
  readonly firstPauseMs?: number;
  readonly longestPauseMs?: number;
  /** 0 to 1; pauses are spread by it so that workers do not come back all at once. */
  readonly random?: () => number;
}

/** A call was repeated for as long as was allowed. */
export class GivenUp extends Error {
  override readonly name = 'GivenUp';
}

/**
 * Repeats calls that failed for no fault of theirs. The time allowed counts from the first failure, never from the
 * call's begin, so that a call which waits long for a good reason has all of it left.
 */
export class Patience {
  readonly #clock: Clock;
  readonly #budgetMs: number;
  readonly #firstPauseMs: number;
  readonly #longestPauseMs: number;
  readonly #random: () => number;

  constructor(options: PatienceOptions) {
    this.#clock = options.clock;
    this.#budgetMs = options.budgetMs ?? 24 * 3600 * 1000;
    this.#firstPauseMs = options.firstPauseMs ?? 200;
    this.#longestPauseMs = options.longestPauseMs ?? 10_000;
    this.#random = options.random ?? Math.random;
  }

  /** Waits; for less when the signal aborts. */
  async pause(ms: number, signal: AbortSignal): Promise<void> {
    await this.#clock.sleep(ms, signal).catch(() => {});
  }

  /** Calls until an answer comes that a repeat would not change; throws what it was, or `GivenUp`. */
  async call<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    let failedSince: number | null = null;
    for (let pause = this.#firstPauseMs; ; pause = Math.min(pause * 2, this.#longestPauseMs)) {
      signal.throwIfAborted();
      try {
        return await work();
      } catch (error) {
        if (signal.aborted || !isPassing(error)) throw error;
        failedSince ??= this.#clock.now();
        if (this.#clock.now() - failedSince >= this.#budgetMs) {
          throw new GivenUp(`given up after ${Math.round(this.#budgetMs / 1000)} s`, { cause: error });
        }
      }
      await this.#clock.sleep(pause * (0.5 + this.#random() / 2), signal);
    }
  }
}

/**
 * Whether the same call may succeed later: no answer, an answer of something in between, a server in trouble.
 * Refused tokens count too: that is how a server with a half-restored database looks.
 */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof ApiProblem)) return true;
  return error.status >= 500 || [401, 403, 408, 429].includes(error.status);
}
