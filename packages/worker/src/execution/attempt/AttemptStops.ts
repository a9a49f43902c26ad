import { aborted, type Clock } from '@xx-pipeline/common';
import { ExecutionBroken } from '../errors.ts';
import { formatDuration } from '../format.ts';
import type { AttemptSignals } from './AttemptSignals.ts';
import { failed, type JobEnding, JobStopped } from './JobEnding.ts';
import { TimeLimit } from './TimeLimit.ts';

/**
 * Everything that ends an attempt from outside of its phases: a cancel, a kill, its time.
 *
 *   cancel, timeout, broken events --> stop        kill --> stop and kill        all over --> closed
 */
export class AttemptStops {
  readonly #clock: Clock;
  readonly #stop = new AbortController();
  readonly #kill = new AbortController();
  readonly #closed = new AbortController();
  readonly #limits = new Set<TimeLimit>();
  #queueLimit: TimeLimit | null = null;

  constructor(clock: Clock, { signal, kill }: Pick<AttemptSignals, 'signal' | 'kill'>) {
    this.#clock = clock;
    const canceled = { kind: 'canceled' } as const;
    this.#when(signal, () => this.end(canceled));
    if (kill === undefined) return;
    this.#when(kill, () => {
      this.end(canceled);
      this.#kill.abort();
    });
  }

  /** The attempt must end; its reason is a `JobStopped`. */
  get stop(): AbortSignal {
    return this.#stop.signal;
  }

  /** And at once. Aborts only after `stop`. */
  get kill(): AbortSignal {
    return this.#kill.signal;
  }

  /** Makes the attempt end, with this ending unless it must end already. */
  end(ending: JobEnding): void {
    this.#stop.abort(new JobStopped(ending));
  }

  /** A time limit that ends the attempt with this ending. */
  startLimit(ms: number, late: JobEnding): TimeLimit {
    const limit = this.#track(new TimeLimit(this.#clock, ms));
    limit.signal.addEventListener('abort', () => this.end(late));
    return limit;
  }

  /** A time limit of one phase alone. Its signal's reason is an `ExecutionBroken`. */
  startPhaseLimit(ms: number, late: string): TimeLimit {
    return this.#track(new TimeLimit(this.#clock, ms, new ExecutionBroken(late)));
  }

  /** Ends a limit that this has started. */
  lift(limit: TimeLimit): void {
    limit.lift();
    this.#limits.delete(limit);
  }

  /** No time counts while the container is in a queue of its engine's own, except for the longest stay there. */
  setQueued(isQueued: boolean, longestMs: number): void {
    if (isQueued === (this.#queueLimit !== null)) return;
    if (!isQueued) {
      this.#queueLimit?.lift();
      this.#queueLimit = null;
      for (const limit of this.#limits) limit.resume();
      return;
    }
    for (const limit of this.#limits) limit.pause();
    const limit = new TimeLimit(this.#clock, longestMs);
    const late = failed('system_failure', `container not started by its engine within ${formatDuration(longestMs)}`);
    limit.signal.addEventListener('abort', () => this.end(late));
    this.#queueLimit = limit;
  }

  /** The attempt is over: nothing ends it any more. */
  close(): void {
    this.#closed.abort('closed');
    this.#queueLimit?.lift();
    for (const limit of this.#limits) limit.lift();
  }

  #track(limit: TimeLimit): TimeLimit {
    this.#limits.add(limit);
    return limit;
  }

  #when(signal: AbortSignal, act: () => void): void {
    aborted(signal, this.#closed.signal).then(act, () => {});
  }
}
