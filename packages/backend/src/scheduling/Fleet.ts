import type { Clock } from '@xx-pipeline/common';
import type { WorkerRecord, WorkerStore } from '../store/WorkerStore.ts';

/** An online worker. */
export interface FleetMember {
  readonly worker: WorkerRecord;
  readonly labels: ReadonlySet<string>;
  /** Jobs assigned to it. */
  busy: number;
}

/**
 * The online workers, remembered for moments: asking for a thousand of them takes longer than giving a job away.
 * What is remembered may show a slot as busy that has come free, so whoever finds no place looks again.
 */
export class Fleet {
  readonly #workers: WorkerStore;
  readonly #clock: Clock;
  readonly #aliveMs: number;
  #members = new Map<string, FleetMember>();
  #at = Number.NEGATIVE_INFINITY;

  constructor(workers: WorkerStore, clock: Clock, aliveMs: number) {
    this.#workers = workers;
    this.#clock = clock;
    this.#aliveMs = aliveMs;
  }

  /** As they were at most `age` milliseconds ago. */
  async members(age: number): Promise<ReadonlyMap<string, FleetMember>> {
    const now = this.#clock.now();
    if (now - this.#at < age) return this.#members;
    const all = await this.#workers.list();
    const online = all.filter(({ worker }) => worker.lastSeenAt >= now - this.#aliveMs);
    this.#members = new Map(
      online.map(({ worker, busy }) => [worker.id, { worker, labels: new Set(worker.labels), busy }]),
    );
    this.#at = now;
    return this.#members;
  }

  /** A job was given to a worker. */
  took(workerId: string): void {
    const member = this.#members.get(workerId);
    if (member !== undefined) member.busy++;
  }

  /** A worker has come or changed: what is remembered is not to be used. */
  forget(): void {
    this.#at = Number.NEGATIVE_INFINITY;
  }
}
