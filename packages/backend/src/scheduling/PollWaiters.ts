import type { Clock } from '@xx-pipeline/common';
import type { AssignedJob } from './assign-jobs.ts';

interface Waiter {
  readonly free: number;
  readonly jobs: AssignedJob[];
  readonly answer: () => void;
}

/** Workers that wait for jobs in a long poll of this process; of several polls of one worker the last counts. */
export class PollWaiters {
  readonly #clock: Clock;
  readonly #waiters = new Map<string, Waiter>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves with the jobs that were added, or none when the time is over or the signal aborts. */
  async wait(workerId: string, free: number, ms: number, signal: AbortSignal): Promise<AssignedJob[]> {
    if (signal.aborted) return [];
    const { promise, resolve } = Promise.withResolvers<void>();
    const over = new AbortController();
    const waiter: Waiter = { free, jobs: [], answer: resolve };
    this.#waiters.get(workerId)?.answer();
    this.#waiters.set(workerId, waiter);
    signal.addEventListener('abort', resolve as () => void, { once: true, signal: over.signal });
    this.#clock.sleep(ms, over.signal).then(resolve, () => {});
    await promise;
    over.abort();
    if (this.#waiters.get(workerId) === waiter) this.#waiters.delete(workerId);
    return waiter.jobs;
  }

  /** How many more jobs a worker's poll can take. */
  freeOf(workerId: string): number {
    const waiter = this.#waiters.get(workerId);
    return waiter === undefined ? 0 : waiter.free - waiter.jobs.length;
  }

  /** Adds a job to the answer of its worker's poll; false when it waits no more. */
  add(job: AssignedJob): boolean {
    const waiter = this.#waiters.get(job.assignment.workerId);
    if (waiter === undefined || waiter.jobs.length >= waiter.free) return false;
    waiter.jobs.push(job);
    return true;
  }

  /** Answers every poll that has got something. */
  flush(): void {
    for (const [workerId, waiter] of [...this.#waiters]) {
      if (waiter.jobs.length === 0) continue;
      this.#waiters.delete(workerId);
      waiter.answer();
    }
  }

  /** Answers every poll. */
  close(): void {
    for (const waiter of this.#waiters.values()) waiter.answer();
    this.#waiters.clear();
  }
}
