import { Background } from '@xx-pipeline/common';
import type { PreparedJob } from './PreparedJob.ts';

interface Ahead {
  readonly prepared: PreparedJob;
  /** What it was made for; a job that turns out otherwise cannot use it. */
  readonly key: string;
}

/**
 * Containers made before their jobs' turn. Bounded: the engine works at few at a time, and what waits holds memory.
 *
 *   begin --> take (its job runs)  |  discard (its job will not, or not like this)
 */
export class ContainersAhead {
  readonly #mostWaiting: number;
  readonly #mostInMaking: number;
  readonly #onReady: () => void;
  readonly #waiting = new Map<string, Ahead>();
  /** Discarding never fails: what cannot be removed is a leftover for the next sweep. */
  readonly #discards = new Background(() => {});
  #making = 0;
  #closed = false;

  /** `mostWaiting`: containers that wait at once; `mostInMaking`: of these, in the making. `onReady` is called when one more may begin. */
  constructor(options: { mostWaiting: number; mostInMaking: number; onReady: () => void }) {
    this.#mostWaiting = options.mostWaiting;
    this.#mostInMaking = options.mostInMaking;
    this.#onReady = options.onReady;
  }

  /** Whether another one may begin now. */
  get hasRoom(): boolean {
    return !this.#closed && this.#waiting.size < this.#mostWaiting && this.#making < this.#mostInMaking;
  }

  /** Jobs that have a container waiting. */
  jobIds(): IterableIterator<string> {
    return this.#waiting.keys();
  }

  has(jobId: string): boolean {
    return this.#waiting.has(jobId);
  }

  /** Notes a container that is being made for a job. */
  begin(jobId: string, key: string, prepared: PreparedJob): void {
    this.#waiting.set(jobId, { prepared, key });
    this.#making++;
    const ready = () => {
      this.#making--;
      if (!this.#closed) this.#onReady();
    };
    prepared.take(deaf).then(ready, ready);
  }

  /** The container made for a job, if it fits what the job turned out to be; another one is thrown away. */
  take(jobId: string, key: string): PreparedJob | undefined {
    const ahead = this.#waiting.get(jobId);
    if (ahead === undefined) return undefined;
    if (ahead.key === key) {
      this.#waiting.delete(jobId);
      return ahead.prepared;
    }
    this.discard(jobId);
    return undefined;
  }

  /** Throws a job's container away. */
  discard(jobId: string): void {
    const ahead = this.#waiting.get(jobId);
    if (ahead === undefined) return;
    this.#waiting.delete(jobId);
    this.#discards.run(ahead.prepared.discard());
  }

  /** Throws all away. No other begins. */
  discardAll(): void {
    this.#closed = true;
    for (const jobId of [...this.#waiting.keys()]) this.discard(jobId);
  }

  /** Resolves when everything thrown away is gone. */
  async discarded(): Promise<void> {
    await this.#discards.settled();
  }
}

/** Nobody listens yet; the job's own observer is told everything again. */
const deaf = { queued: () => {}, started: () => {}, pulling: () => {}, pulled: () => {}, warning: () => {} };
