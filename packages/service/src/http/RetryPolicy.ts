import type { Clock } from '@xx-pipeline/common';
import { type IsTransient, type RetryPauses, retryPause } from '@xx-pipeline/common/api';

/** How long, how often and after which failures a call is retried. */
export interface RetryOptions extends RetryPauses {
  readonly clock: Clock;
  readonly isTransient: IsTransient;
  /** Milliseconds from the first failure until no retry follows. */
  readonly budgetMs: number;
  readonly random?: () => number;
}

/** A call has failed for as long as its policy allows; `cause` is the last failure. */
export class RetriesExhausted extends Error {
  override readonly name = 'RetriesExhausted';
}

/**
 * Retries calls after transient failures. The budget counts from the first failure in a row, not from the start of the
 * call: a call that waits long for a good reason still has all of it.
 */
export class RetryPolicy {
  readonly #options: RetryOptions;

  constructor(options: RetryOptions) {
    this.#options = options;
  }

  /** Returns the result of the first call that succeeds. Throws a failure that is not transient, or `RetriesExhausted`. */
  async call<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const { clock, isTransient, budgetMs, random } = this.#options;
    let failedSince: number | null = null;
    for (let failures = 1; ; failures++) {
      signal.throwIfAborted();
      try {
        return await work();
      } catch (error) {
        if (signal.aborted || !isTransient(error)) throw error;
        failedSince ??= clock.now();
        if (clock.now() - failedSince >= budgetMs) {
          throw new RetriesExhausted(`no success within ${Math.round(budgetMs / 1000)} s`, { cause: error });
        }
      }
      await clock.sleep(retryPause(failures, this.#options, random), signal);
    }
  }
}
