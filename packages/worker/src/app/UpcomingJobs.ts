import type { Clock, JobRequest, UpcomingJob } from '@xx-pipeline/common';
import { ContainersAhead, containerKey, type JobRunner, type PreparedJob } from '../execution/index.ts';

/** What looking ahead needs. */
export interface UpcomingParts {
  readonly runner: Pick<JobRunner, 'prepare'>;
  /** The jobs that are likely to follow one, at most so many; rejects where the backend cannot be asked. */
  readonly ask: (request: JobRequest, limit: number, signal: AbortSignal) => Promise<readonly UpcomingJob[]>;
  readonly slots: number;
  readonly clock: Clock;
}

/** Containers that wait beyond one per slot. */
const extra = 2;
/** A container waits no longer than this, ms, after its run has done its last here. */
const patience = 30_000;

/** A run of which something is here. */
interface Run {
  /** Attempts that are here: they need no container from here any more. */
  readonly here: Set<string>;
  /** Jobs that have containers waiting. */
  readonly prepared: Set<string>;
  /** Ends the wait for another attempt. */
  stay: AbortController;
}

/**
 * The containers of jobs that this worker may get soon, made while the job before them runs. Nothing is promised: what
 * another worker gets, or what a failure makes useless, is thrown away.
 *
 *   an attempt's script begins --> the backend is asked what follows --> containers in the making
 *                                                                           '--> taken by its attempt | thrown away
 */
export class UpcomingJobs {
  readonly #parts: UpcomingParts;
  readonly #ahead: ContainersAhead;
  readonly #runs = new Map<string, Run>();
  readonly #stop = new AbortController();
  #candidates: readonly UpcomingJob[] = [];

  constructor(parts: UpcomingParts) {
    this.#parts = parts;
    const { slots } = parts;
    this.#ahead = new ContainersAhead({
      mostWaiting: slots + extra,
      mostInMaking: slots,
      onReady: () => this.#prepare(),
    });
  }

  /** An attempt has come. */
  entered(request: JobRequest): void {
    const { pipelineExecutionId: id } = request;
    if (id === undefined) return;
    const run = this.#runs.get(id) ?? { here: new Set(), prepared: new Set(), stay: new AbortController() };
    run.here.add(attemptOf(request));
    run.stay.abort();
    this.#runs.set(id, run);
  }

  /** The container that waits for an attempt, if there is one and it is of the right kind; the attempt owns it. */
  take(request: JobRequest): PreparedJob | undefined {
    this.#runs.get(request.pipelineExecutionId ?? '')?.prepared.delete(request.jobId);
    return this.#ahead.take(request.jobId, containerKey(request));
  }

  /** An attempt's script has begun: its own container needs the engine no more. Never rejects. */
  async look(request: JobRequest): Promise<void> {
    if (this.#stop.signal.aborted || request.token === undefined) return;
    try {
      this.#candidates = await this.#parts.ask(request, this.#parts.slots + extra, this.#stop.signal);
    } catch {
      // It was only to be quicker.
      return;
    }
    this.#prepare();
  }

  /** An attempt has ended. `failed`: what follows will hardly come. */
  left(request: JobRequest, failed: boolean): void {
    const { jobId, pipelineExecutionId: id } = request;
    this.#ahead.discard(jobId);
    const run = this.#runs.get(id ?? '');
    if (run === undefined || id === undefined) return;
    run.here.delete(attemptOf(request));
    if (failed) this.#discard(run);
    if (run.here.size > 0) return;
    run.stay = new AbortController();
    if (run.prepared.size === 0) this.#runs.delete(id);
    else void this.#forgetLater(id, run);
  }

  /** Throws everything away and prepares nothing more; resolves when all is gone. */
  async close(): Promise<void> {
    this.#stop.abort(new Error('the worker takes no more jobs'));
    this.#ahead.discardAll();
    await this.#ahead.discarded();
  }

  #prepare(): void {
    if (this.#stop.signal.aborted) return;
    for (const job of this.#candidates) {
      const run = this.#runs.get(job.pipelineExecutionId);
      if (run === undefined || run.here.size === 0) continue;
      if (run.here.has(attemptOf(job)) || this.#ahead.has(job.jobId)) continue;
      if (!this.#ahead.hasRoom) return;
      run.prepared.add(job.jobId);
      this.#ahead.begin(job.jobId, containerKey(job), this.#parts.runner.prepare(job, { runsAfter: job.after }));
    }
    this.#candidates = [];
  }

  async #forgetLater(id: string, run: Run): Promise<void> {
    const { signal } = run.stay;
    await this.#parts.clock.sleep(patience, AbortSignal.any([signal, this.#stop.signal])).catch(() => {});
    if (signal.aborted || this.#stop.signal.aborted) return;
    this.#discard(run);
    this.#runs.delete(id);
  }

  #discard(run: Run): void {
    for (const jobId of run.prepared) this.#ahead.discard(jobId);
    run.prepared.clear();
  }
}

const attemptOf = ({ jobId, attempt }: Pick<JobRequest, 'jobId' | 'attempt'>): string => `${jobId}/${attempt}`;
