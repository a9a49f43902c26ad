import { isTerminal, type JobAttempt, type JobEvent, type JobExecution, type JobOutcome } from '@xx-pipeline/common';
import type { RunEvent } from '../RunEvent.ts';
import type { BackendApi } from './BackendApi.ts';
import type { Connection } from './Connection.ts';
import type { DerivedEvents } from './DerivedEvents.ts';
import { followLog } from './follow-log.ts';

/** Things that the followers of all jobs of a run share. */
export interface FollowParts {
  readonly backend: BackendApi;
  readonly connection: Connection;
  readonly emit: (event: RunEvent) => void | Promise<void>;
  readonly deriveEvents: (jobName: string) => DerivedEvents;
  /** How many more logs may be followed live; others are read when their attempts have ended. */
  readonly room: { free: number };
}

/**
 * Turns the records of one job and the logs of its attempts into the events of a local run, in their order: running,
 * log, finished, ended. A record that ends an attempt is held back until the log of the attempt has been emitted.
 */
export class JobFollower {
  readonly #parts: FollowParts;
  /** The emission under way: records are emitted one after the other. */
  #tail: Promise<void> = Promise.resolve();
  /** Logs that are followed live, or were, by attempt. */
  readonly #logs = new Map<number, { readonly emitted: Promise<void>; readonly ended: AbortController }>();
  /** The newest attempt that was emitted as running. */
  #running = 0;
  readonly #finished = new Set<number>();
  readonly #onFailure: (error: unknown) => void;

  constructor(parts: FollowParts, onFailure: (error: unknown) => void) {
    this.#parts = parts;
    this.#onFailure = onFailure;
  }

  /** Queues a changed record. */
  changed(job: JobExecution): void {
    this.#tail = this.#tail.then(() => this.#emitRecord(job)).catch(this.#onFailure);
  }

  /** Resolves when every queued record has been emitted. */
  async settled(): Promise<void> {
    await this.#tail;
  }

  async #emitRecord(job: JobExecution): Promise<void> {
    for (const attempt of job.attempts) {
      if (!isTerminal(attempt.status) || this.#finished.has(attempt.number)) continue;
      this.#finished.add(attempt.number);
      if (attempt.startedAt !== null) await this.#emitLog(job, attempt);
      await this.#emitEvent(job, attempt.number, finishedEvent(attempt));
    }
    const last = job.attempts.at(-1);
    const begins = last?.status === 'RUNNING' && this.#running < last.number;
    if (last?.status === 'RUNNING') this.#running = last.number;
    await this.#parts.emit({ type: 'job-changed', job });
    // An attempt is recorded as running when its container is prepared; later phases are in its log.
    if (begins) await this.#emitEvent(job, last.number, { type: 'phase', phase: 'prepare', at: startOf(last) });
    if (last?.status === 'RUNNING') this.#followLive(job, last.number);
  }

  #followLive(job: JobExecution, attempt: number): void {
    const { room } = this.#parts;
    if (this.#logs.has(attempt) || room.free === 0) return;
    room.free--;
    const ended = new AbortController();
    const emitted = this.#follow(job, attempt, ended.signal).finally(() => {
      room.free++;
    });
    emitted.catch(this.#onFailure);
    this.#logs.set(attempt, { emitted, ended });
  }

  async #emitLog(job: JobExecution, attempt: JobAttempt): Promise<void> {
    const { number } = attempt;
    if (this.#running < number) {
      this.#running = number;
      await this.#parts.emit({ type: 'job-changed', job: asRunning(job, number) });
    }
    const live = this.#logs.get(number);
    live?.ended.abort();
    await (live?.emitted ?? this.#follow(job, number, null));
  }

  async #follow(job: JobExecution, attempt: number, ended: AbortSignal | null): Promise<void> {
    const { backend, connection, deriveEvents } = this.#parts;
    const derived = deriveEvents(job.name);
    for await (const chunk of followLog({ jobId: job.id, attempt }, backend, connection, ended)) {
      for (const event of derived.of(chunk)) await this.#emitEvent(job, attempt, event);
      await this.#emitEvent(job, attempt, { type: 'log', chunk });
    }
  }

  #emitEvent({ id, name }: JobExecution, attempt: number, event: JobEvent): void | Promise<void> {
    return this.#parts.emit({ type: 'job-event', jobId: id, jobName: name, attempt, event });
  }
}

/** The record as it was while an attempt ran. */
function asRunning(job: JobExecution, number: number): JobExecution {
  const attempts = job.attempts
    .filter((attempt) => attempt.number <= number)
    .map((attempt) =>
      attempt.number === number ? { ...attempt, status: 'RUNNING' as const, completedAt: null } : attempt,
    );
  return { ...job, status: 'RUNNING', waitingReason: null, attempts };
}

const startOf = ({ startedAt }: JobAttempt): number => (startedAt === null ? 0 : Date.parse(startedAt));

function finishedEvent(attempt: JobAttempt): JobEvent {
  const { exitCode, failureReason, failureMessage, timings, artifacts, completedAt } = attempt;
  const status: JobOutcome['status'] =
    attempt.status === 'SUCCESS' || attempt.status === 'CANCELED' ? attempt.status : 'FAILED';
  const outcome = { status, exitCode, failureReason, failureMessage, timings, artifacts };
  return { type: 'finished', outcome, at: completedAt === null ? 0 : Date.parse(completedAt) };
}
