import { Background } from '@xx-pipeline/common';
import type { PreparedJob } from './PreparedJob.ts';

interface Ahead {
  readonly prepared: PreparedJob;
  /** `containerKey` of the request that it was made for. */
  readonly key: string;
}

/**
 * Containers made before their jobs' turn. Bounded: an engine makes few at a time, and one that waits uses memory.
 *
 *   begin --> take (its job runs)  |  discard (its job will not run, or not with this container)
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

  /**
   * `mostWaiting`: containers that may wait at once; `mostInMaking`: those of them that may be unfinished. `onReady` is
   * called when one more may begin.
   */
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
    prepared.take(noObserver).then(ready, ready);
  }

  /** The container made for a job, if its key is still that of the job's request; discarded if it is not. */
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

  /** Discards a job's container. */
  discard(jobId: string): void {
    const ahead = this.#waiting.get(jobId);
    if (ahead === undefined) return;
    this.#waiting.delete(jobId);
    this.#discards.run(ahead.prepared.discard());
  }

  /** Discards all. No other may begin. */
  discardAll(): void {
    this.#closed = true;
    for (const jobId of [...this.#waiting.keys()]) this.discard(jobId);
  }

  /** Resolves when every discarded container has been removed. */
  async discarded(): Promise<void> {
    await this.#discards.settled();
  }
}

/** Until a job takes the container there is no observer; the job's own gets everything replayed. */
const noObserver = { queued: () => {}, started: () => {}, pulling: () => {}, pulled: () => {}, warning: () => {} };
