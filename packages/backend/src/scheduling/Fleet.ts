import type { Clock } from '@xx-pipeline/common';
import type { WorkerRecord, WorkerStore } from '../store/WorkerStore.ts';
import type { ListeningTime } from './ListeningTime.ts';

/** An online worker. */
export interface FleetMember {
  readonly worker: WorkerRecord;
  readonly labels: ReadonlySet<string>;
  /** Jobs assigned to it. */
  busy: number;
}

/** Asking takes at most this share of the time, however many workers there are. */
const askingShare = 0.1;
const shortestAge = 20;

/**
 * The online workers, cached for moments: a query for a thousand of them takes longer than giving a job away.
 * What this backend gives and gets back is known at once. Of slots that came free through another backend nothing is
 * known, so a scheduler that finds no place queries again, though not all the time.
 */
export class Fleet {
  readonly #workers: WorkerStore;
  readonly #clock: Clock;
  readonly #listening: ListeningTime;
  readonly #aliveMs: number;
  #members = new Map<string, FleetMember>();
  #reserved = new Map<string, string>();
  #at = Number.NEGATIVE_INFINITY;
  #oldEnough = shortestAge;

  constructor(workers: WorkerStore, clock: Clock, listening: ListeningTime, aliveMs: number) {
    this.#workers = workers;
    this.#clock = clock;
    this.#listening = listening;
    this.#aliveMs = aliveMs;
  }

  /** As they were at most `age` milliseconds ago. */
  async members(age: number): Promise<ReadonlyMap<string, FleetMember>> {
    const now = this.#clock.now();
    if (now - this.#at < age) return this.#members;
    const began = performance.now();
    const [all, reservations] = await Promise.all([this.#workers.list(), this.#workers.reservations()]);
    const online = all.filter(({ worker }) => worker.lastSeenAt >= now - this.#aliveMs);
    this.#members = new Map(
      online.map(({ worker, busy }) => [worker.id, { worker, labels: new Set(worker.labels), busy }]),
    );
    this.#reserved = new Map(
      reservations
        .filter(({ workerId }) => this.#keepsRuns(all.find(({ worker }) => worker.id === workerId)?.worker))
        .map(({ executionId, workerId }) => [executionId, workerId]),
    );
    this.#at = now;
    this.#oldEnough = Math.max(shortestAge, (performance.now() - began) / askingShare);
    return this.#members;
  }

  /** Milliseconds until it is worth while to ask again; 0: now. */
  get askAgainIn(): number {
    return Math.max(0, this.#at + this.#oldEnough - this.#clock.now());
  }

  /** Runs that one worker has to itself, as they were when members were last asked for. */
  get reserved(): ReadonlyMap<string, string> {
    return this.#reserved;
  }

  /** A job was given to a worker. */
  took(workerId: string): void {
    const member = this.#members.get(workerId);
    if (member !== undefined) member.busy++;
  }

  /** A job of a worker has ended, or was taken away. */
  freed(workerId: string): void {
    const member = this.#members.get(workerId);
    if (member !== undefined && member.busy > 0) member.busy--;
  }

  /** A worker has come or changed: what is remembered is not to be used. */
  forget(): void {
    this.#at = Number.NEGATIVE_INFINITY;
  }

  /** Whether a worker is alive and accepts jobs. Silence says nothing if no backend was listening. */
  #keepsRuns(worker: WorkerRecord | undefined): boolean {
    if (worker === undefined || worker.draining) return false;
    return this.#members.has(worker.id) || this.#listening.elapsed() < this.#aliveMs;
  }
}
