import type { RunningAttempt } from './attempt/RunningAttempt.ts';

/** Numbers of attempts on a worker, by what they do. */
export interface AttemptCounts {
  readonly running: number;
  /** Waiting for other jobs, or in a queue of the engine. */
  readonly waiting: number;
  /** Ended, with results that the backend does not have yet. */
  readonly undelivered: number;
}

/** The attempts on a worker, at most one per job. */
export class AttemptTable {
  readonly #attempts = new Map<string, RunningAttempt>();
  readonly #listeners = new Set<() => void>();

  /** Adds an attempt, in place of an older one of the same job. */
  add(running: RunningAttempt): void {
    this.#attempts.set(running.jobId, running);
  }

  /** Removes an attempt, unless a newer one of the same job has its place. */
  remove(running: RunningAttempt): void {
    if (this.#attempts.get(running.jobId) === running) this.#attempts.delete(running.jobId);
  }

  /** The attempt of a job; null if there is none, or only another one than the one with this number. */
  find(jobId: string, attempt?: number): RunningAttempt | null {
    const running = this.#attempts.get(jobId);
    return running === undefined || (attempt !== undefined && running.attempt !== attempt) ? null : running;
  }

  all(): RunningAttempt[] {
    return [...this.#attempts.values()];
  }

  /** Whether the attempt is here and still belongs to this worker. */
  holds(jobId: string, attempt: number): boolean {
    return this.find(jobId, attempt)?.isLost === false;
  }

  /** The attempts with a lease to renew: all that belong to this worker and are not wholly delivered. */
  leased(): { jobId: string; attempt: number; token: string }[] {
    return this.all().flatMap(({ jobId, attempt, isLost, request: { token } }) =>
      isLost || token === undefined ? [] : [{ jobId, attempt, token }],
    );
  }

  /** Jobs without a lease: a caller gave them to this worker alone. */
  unleasedJobs(): string[] {
    return this.all().flatMap(({ jobId, request }) => (request.token === undefined ? [jobId] : []));
  }

  /** Attempts that have a slot or are about to ask for one. */
  get busy(): number {
    return this.all().filter(({ state }) => state === 'ready' || state === 'running').length;
  }

  counts(): AttemptCounts {
    const counts = { running: 0, waiting: 0, undelivered: 0 };
    for (const { state } of this.#attempts.values()) {
      if (state === 'running' || state === 'ready') counts.running++;
      else if (state === 'waiting' || state === 'queued') counts.waiting++;
      else if (state === 'delivering') counts.undelivered++;
    }
    return counts;
  }

  /** Calls `listener` whenever the state of an attempt or of the worker has changed, until the returned function is called. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  changed(): void {
    for (const listener of this.#listeners) listener();
  }
}
