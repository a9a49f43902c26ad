import type { Clock } from '@xx-pipeline/common';
import type { Wakeups } from '../events/Wakeups.ts';
import type { AssignedJob } from './assign-jobs.ts';

interface Waiter {
  readonly free: number;
  readonly jobs: AssignedJob[];
  readonly answer: () => void;
}

/** The answer to a poll. */
interface Waited {
  readonly jobs: AssignedJob[];
  /** Its worker is to send a heartbeat. */
  readonly heartbeat: boolean;
}

/** Workers nudged between two of their polls that are remembered. */
const mostMissed = 1000;

/** Workers that wait for jobs in a long poll of this process; of several polls of one worker the last counts. */
export class PollWaiters {
  readonly #clock: Clock;
  readonly #wakeups: Wakeups;
  readonly #heartbeatMs: number;
  readonly #waiters = new Map<string, Waiter>();
  /** When workers were nudged that had no poll here. */
  readonly #missed = new Map<string, number>();

  constructor(clock: Clock, wakeups: Wakeups, heartbeatMs: number) {
    this.#heartbeatMs = heartbeatMs;
    this.#clock = clock;
    this.#wakeups = wakeups;
  }

  /** Resolves with the jobs that were added, or none when the time is over, the worker is nudged or the signal aborts. */
  async wait(workerId: string, free: number, ms: number, signal: AbortSignal): Promise<Waited> {
    if (signal.aborted) return { jobs: [], heartbeat: false };
    const { promise, resolve } = Promise.withResolvers<void>();
    const over = new AbortController();
    const waiter: Waiter = { free, jobs: [], answer: resolve };
    let heartbeat = this.#hasMissed(workerId);
    if (heartbeat) resolve();
    const unlisten = this.#wakeups.listen(`worker:${workerId}`, () => {
      heartbeat = true;
      resolve();
    });
    this.#waiters.get(workerId)?.answer();
    this.#waiters.set(workerId, waiter);
    signal.addEventListener('abort', resolve as () => void, { once: true, signal: over.signal });
    this.#clock.sleep(ms, over.signal).then(resolve, () => {});
    await promise;
    over.abort('answered');
    unlisten();
    if (this.#waiters.get(workerId) === waiter) this.#waiters.delete(workerId);
    return { jobs: waiter.jobs, heartbeat };
  }

  /** Answers a worker's poll, in whichever backend it waits; the next one where it has none here. */
  nudge(workerId: string): void {
    if (!this.#waiters.has(workerId)) {
      if (this.#missed.size >= mostMissed) this.#missed.clear();
      this.#missed.set(workerId, this.#clock.now());
    }
    this.#wakeups.notify(`worker:${workerId}`);
  }

  /** How many more jobs a worker's poll can take. */
  freeOf(workerId: string): number {
    const waiter = this.#waiters.get(workerId);
    return waiter === undefined ? 0 : waiter.free - waiter.jobs.length;
  }

  /** Adds a job to the answer of its worker's poll; false if there is no poll with room any more. */
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

  /** Whether it was nudged while it had no poll here; nudges older than a heartbeat are settled. */
  #hasMissed(workerId: string): boolean {
    const at = this.#missed.get(workerId);
    this.#missed.delete(workerId);
    return at !== undefined && this.#clock.now() - at < this.#heartbeatMs;
  }
}
