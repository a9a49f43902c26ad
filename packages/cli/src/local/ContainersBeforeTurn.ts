import type { JobExecution, JobRequest, Result } from '@xx-pipeline/common';
import {
  certainlyBefore,
  type LookAheadState,
  nextLikelyJob,
  type PlanIndex,
  type Progress,
} from '@xx-pipeline/pipeline-language';
import { ContainersAhead, containerKey, type JobRunner } from '@xx-pipeline/worker/execution';
import type { SlotQueue } from './SlotQueue.ts';

/** Containers that wait for their turn, beyond one per slot. */
const extraAhead = 2;

/** An attempt that runs. */
export interface RunningAttempt {
  readonly needs: JobRequest['needs'];
  /** The script has begun: the container needs no more work of the engine. */
  begun: boolean;
}

/** The parts of the run that containers are prepared for. */
export interface ContainersBeforeTurnParts {
  readonly index: PlanIndex;
  readonly jobOf: (number: number) => JobExecution;
  readonly queue: SlotQueue;
  readonly slots: number;
  readonly running: ReadonlyMap<number, RunningAttempt>;
  readonly jobRunner: () => JobRunner;
  /** The request of a job's first attempt, before its slot is known. */
  readonly requestOf: (number: number) => Result<JobRequest, unknown>;
}

/**
 * Containers of jobs that have no slot yet: first those of waiting jobs, then, while no running job needs the engine,
 * those of jobs that will probably follow. The local twin of the worker's `UpcomingJobs`.
 */
export class ContainersBeforeTurn {
  readonly #parts: ContainersBeforeTurnParts;
  readonly #progress: Progress;
  readonly #ahead: ContainersAhead;
  readonly #lookAhead: LookAheadState = { start: 0 };
  readonly #numbers: ReadonlyMap<string, number>;
  #hasEnded = false;
  #looksAhead = false;

  constructor(parts: ContainersBeforeTurnParts) {
    this.#parts = parts;
    const { index, jobOf, slots } = parts;
    this.#numbers = new Map(index.jobs.map((_, number) => [jobOf(number).id, number]));
    this.#progress = { index, jobOf, isPrepared: (number) => this.#ahead.has(jobOf(number).id) };
    this.#ahead = new ContainersAhead({
      mostWaiting: slots + extraAhead,
      mostInMaking: slots,
      onReady: () => this.prepare(),
    });
  }

  /** From now on, containers of jobs that do not wait for a slot yet are prepared, too. */
  lookAhead(): void {
    this.#looksAhead = true;
  }

  /** Begins as many containers as there is room for. */
  prepare(): void {
    if (this.#hasEnded) return;
    const { queue, jobOf, running } = this.#parts;
    for (const [position, number] of queue.near.entries()) {
      if (!this.#ahead.hasRoom) break;
      const { id, attempts } = jobOf(number);
      if (attempts.length > 0 || this.#ahead.has(id)) continue;
      const promised = position < queue.free ? [] : queue.promise(number);
      if (promised === null) break;
      this.#begin(number, promised);
    }
    if (!this.#looksAhead || running.values().some(({ begun }) => !begun)) return;
    while (this.#ahead.hasRoom) {
      const number = nextLikelyJob(this.#progress, this.#lookAhead);
      if (number === null || !this.#begin(number)) return;
    }
  }

  /** The container prepared for a request, if there is one and it fits. */
  take(request: JobRequest): ReturnType<ContainersAhead['take']> {
    return this.#ahead.take(request.jobId, containerKey(request));
  }

  discard(jobId: string): void {
    this.#ahead.discard(jobId);
  }

  /** Removes all containers and begins no more. */
  end(): void {
    this.#hasEnded = true;
    this.#ahead.discardAll();
  }

  /** Resolves when the discarded containers are removed. */
  discarded(): Promise<void> {
    return this.#ahead.discarded();
  }

  /** Begins a job's container. `promised`: jobs that end before it gets their slot. */
  #begin(number: number, promised: readonly number[] = []): boolean {
    const { index, jobOf, running, jobRunner, requestOf } = this.#parts;
    const request = requestOf(number);
    if (!request.ok) return false;
    const waiting = Array.from(this.#ahead.jobIds(), (jobId) => this.#numbers.get(jobId) ?? -1);
    const before = certainlyBefore(this.#progress, number, [...running.keys(), ...waiting]);
    const runsAfter = [...before, ...promised].map((other) => jobOf(other).id);
    const hints = { runsAfter, isOnly: index.jobs.length === 1 };
    this.#ahead.begin(request.value.jobId, containerKey(request.value), jobRunner().prepare(request.value, hints));
    return true;
  }
}
