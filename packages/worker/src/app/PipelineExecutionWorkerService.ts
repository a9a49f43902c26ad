import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, type JobRequest, messageOf } from '@xx-pipeline/common';
import { ApiProblem, ApiUnreachable } from '@xx-pipeline/common/api';
import { HttpProblem, type ServiceLog } from '@xx-pipeline/service';
import type { JobRunner } from '../execution/index.ts';
import { RunningAttempt } from './attempt/RunningAttempt.ts';
import type { WorkerCommunicationService } from './delivery/WorkerCommunicationService.ts';
import { Slots } from './Slots.ts';
import type { AttemptFiles } from './spool/AttemptFiles.ts';
import { AttemptStore } from './spool/AttemptStore.ts';
import { FinishedAttempts } from './spool/FinishedAttempts.ts';
import { UndeliveredAttempts } from './spool/UndeliveredAttempts.ts';
import type { UpcomingJobs } from './UpcomingJobs.ts';
import type { WorkerBackendClient } from './WorkerBackendClient.ts';
import type { WorkerIdentity } from './WorkerIdentity.ts';

/** What it works with. */
export interface WorkerServiceParts {
  readonly runner: JobRunner;
  /** For attempts that may be given to somebody else while nobody hears of us: its containers stop in time. */
  readonly fencedRunner: JobRunner;
  /** `unleasedJobs` has one more. */
  readonly unleased: () => void;
  /** null: jobs do not get their containers before they come. */
  readonly upcoming: UpcomingJobs | null;
  readonly communication: WorkerCommunicationService;
  readonly client: WorkerBackendClient | null;
  readonly identity: Pick<WorkerIdentity, 'workerId' | 'instanceId' | 'isHeir'>;
  readonly clock: Clock;
  readonly log: ServiceLog;
  readonly slots: number;
  /** Of this service alone. */
  readonly directory: string;
}

/** What became of a request. */
export interface Acceptance {
  readonly jobId: string;
  readonly attempt: number;
  readonly state: 'accepted' | 'known';
}

/** Jobs that only wait for others may be many, but not without end. */
const mostWaiting = 10_000;

/**
 * The jobs of one worker: takes them (once each), runs them in its slots, cancels them, and picks up after a restart
 * what the last process has left.
 */
export class PipelineExecutionWorkerService {
  readonly #parts: WorkerServiceParts;
  readonly #slots: Slots;
  readonly #attempts = new Map<string, RunningAttempt>();
  readonly #store: AttemptStore;
  readonly #finished: FinishedAttempts;
  readonly #kept: UndeliveredAttempts;
  readonly #listeners = new Set<() => void>();
  /** Resolve when an attempt is put away. */
  readonly #leaving = new Set<Promise<void>>();
  readonly #stop = new AbortController();
  readonly #recovered = Promise.withResolvers<void>();
  #left: RunningAttempt[] = [];
  #draining = false;
  #diskFull = false;

  constructor(parts: WorkerServiceParts) {
    this.#parts = parts;
    this.#slots = new Slots(parts.slots);
    this.#store = new AttemptStore(parts.directory);
    this.#finished = new FinishedAttempts(join(parts.directory, 'finished'));
    this.#kept = new UndeliveredAttempts(join(parts.directory, 'kept'));
  }

  /** Looks at what the last process has left, and touches nothing of it before `confirmed` resolves. */
  async load(confirmed: Promise<void>): Promise<void> {
    const left = await this.#store.openAll();
    // A container that only waited for its script is removed before another one is made.
    const after = this.#recovered.promise;
    this.#left = left.map((directory) => this.#begin(directory, { after, admitted: confirmed, isLeft: true }));
  }

  /**
   * Goes on with what the last process has left, once it is confirmed: resolves when it is known which containers go on.
   * New jobs begin after `recovered`.
   */
  async picked(): Promise<void> {
    await Promise.all(this.#left.map((running) => running.picked));
    this.#left = [];
  }

  /** Everything that earlier processes left is either gone on with or removed. */
  recovered(): void {
    this.#recovered.resolve();
  }

  /**
   * Takes a job: when this returns, it is on disk. The same attempt again is known; an older one than was known is
   * refused (`stale_attempt`), and so is anything while no slot is free (`worker_full`) or this worker ends.
   */
  executeJob(request: JobRequest): Acceptance {
    const { jobId } = request;
    const attempt = request.attempt ?? 1;
    const current = this.#attempts.get(jobId);
    const newest = Math.max(current?.attempt ?? 0, this.#finished.newestOf(jobId));
    if (attempt === newest) return { jobId, attempt, state: 'known' };
    if (attempt < newest) {
      throw new HttpProblem('stale_attempt', `attempt ${newest} of this job is known here already`);
    }
    this.#refuseWhenDraining();
    if (this.#diskFull) throw new HttpProblem('worker_full', "this worker's disk is full");
    if (this.freeSlots === 0) {
      throw new HttpProblem('worker_full', `all ${this.#slots.size} slots of this worker are taken`);
    }
    if (this.counts().waiting >= mostWaiting) throw new HttpProblem('worker_full', 'too many jobs wait here');
    const directory = this.#keep(request, attempt);
    // Two attempts of one job never run at once, whatever the reason is that a new one comes.
    current?.lose(`attempt ${attempt} has taken its place`);
    this.#begin(directory, { after: current?.ended ?? null, admitted: this.#recovered.promise, isLeft: false });
    return { jobId, attempt, state: 'accepted' };
  }

  /**
   * Executes the jobs of a run here, all that have not begun, in dependency order: from now on the backend gives them to
   * nobody else while this worker lives, each as soon as its turn has come and a slot is free. Resolves with how many.
   */
  async executePipeline(pipelineExecutionId: string): Promise<{ pipelineExecutionId: string; jobs: number }> {
    const { client, identity, log } = this.#parts;
    if (client === null) throw new HttpProblem('unavailable', 'this worker has no backend to fetch a run from');
    this.#refuseWhenDraining();
    const { workerId, instanceId } = identity;
    try {
      const reserved = await client.reserveExecution(pipelineExecutionId, { workerId, instanceId }, this.#stop.signal);
      log.info('run reserved for this worker', { ...reserved });
      return reserved;
    } catch (error) {
      throw refusalOf(error);
    }
  }

  /** Cancels a job; false when it does not run here (any more), or only an attempt other than the one meant. */
  cancelJob(jobId: string, attempt?: number): boolean {
    const running = this.#attempts.get(jobId);
    if (running === undefined || (attempt !== undefined && running.attempt !== attempt)) return false;
    running.cancel();
    return true;
  }

  /** The backend has taken an attempt away. */
  loseJob(jobId: string, attempt: number, reason: string): void {
    const running = this.#attempts.get(jobId);
    if (running?.attempt !== attempt || running.isLost) return;
    this.#parts.log.warn('attempt taken away', { job: running.request.jobName, jobId, attempt, reason });
    running.lose(reason);
  }

  /** All attempts are somebody else's: another process has this worker's identity. */
  loseAll(reason: string): void {
    for (const running of this.#attempts.values()) this.loseJob(running.jobId, running.attempt, reason);
  }

  /** Attempts whose lease must be kept alive: all that are not wholly told. */
  heldAttempts(): { jobId: string; attempt: number; token: string }[] {
    return [...this.#attempts.values()]
      .filter((running) => !running.isLost && running.request.token !== undefined)
      .map(({ jobId, attempt, request }) => ({ jobId, attempt, token: request.token as string }));
  }

  /** Jobs that somebody gave to this worker alone. */
  unleasedJobs(): string[] {
    return [...this.#attempts.values()].filter(({ request }) => request.token === undefined).map(({ jobId }) => jobId);
  }

  /** Writes a line into the log of an attempt. */
  say(jobId: string, attempt: number, line: string): void {
    const running = this.#attempts.get(jobId);
    if (running?.attempt === attempt) running.say(line);
  }

  /** Whether the attempt runs here and is not known to be somebody else's. */
  holds(jobId: string, attempt: number): boolean {
    const running = this.#attempts.get(jobId);
    return running?.attempt === attempt && !running.isLost;
  }

  get freeSlots(): number {
    return this.#draining || this.#diskFull ? 0 : Math.max(0, this.#slots.size - this.#busy);
  }

  get slots(): number {
    return this.#slots.size;
  }

  get isDraining(): boolean {
    return this.#draining;
  }

  /** The disk takes nothing. */
  get isDiskFull(): boolean {
    return this.#diskFull;
  }

  /** How many attempts run, wait for other jobs, and are over but not wholly told. */
  counts(): { running: number; waiting: number; undelivered: number } {
    const counts = { running: 0, waiting: 0, undelivered: 0 };
    for (const { state } of this.#attempts.values()) {
      if (state === 'running' || state === 'ready') counts.running++;
      else if (state === 'waiting') counts.waiting++;
      else if (state === 'finished') counts.undelivered++;
    }
    return counts;
  }

  /** Where the attempts of a job that no backend knows were kept. */
  get kept(): UndeliveredAttempts {
    return this.#kept;
  }

  /** An attempt that is here now. */
  find(jobId: string): RunningAttempt | null {
    return this.#attempts.get(jobId) ?? null;
  }

  /** Calls `listener` whenever an attempt has moved on, until the returned function is called. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Tries whether the disk takes something: after it was full, jobs are taken again. */
  async probeDisk(): Promise<void> {
    const path = join(this.#parts.directory, 'probe');
    try {
      await writeFile(path, Buffer.alloc(64 * 1024));
      this.#trouble(null);
    } catch (error) {
      this.#trouble(error);
    }
    await rm(path, { force: true });
  }

  /** Takes no more jobs. */
  drain(): void {
    this.#draining = true;
    void this.#parts.upcoming?.close();
  }

  /** Ends everything that runs and tells that it should be tried elsewhere. */
  giveBackAll(reason: string): void {
    for (const running of this.#attempts.values()) running.giveBack(reason);
  }

  /** Resolves when nothing runs or waits here; what is left to be told may still be on its way. */
  async idle(): Promise<void> {
    await Promise.all([...this.#attempts.values()].map((running) => running.ended));
  }

  /** Resolves when the backend has been told everything. */
  async delivered(): Promise<void> {
    while (this.#leaving.size > 0) await Promise.all(this.#leaving);
  }

  /** Stops telling; what is not told stays on disk for the next process. */
  async close(): Promise<void> {
    this.#draining = true;
    this.#stop.abort(new Error('the worker is closing'));
    this.#parts.communication.close();
    await Promise.all([this.delivered(), this.#parts.upcoming?.close()]);
    this.#finished.close();
    await this.#store.close();
  }

  /** Jobs that have a slot or are about to ask for one. */
  get #busy(): number {
    return [...this.#attempts.values()].filter(({ state }) => state === 'ready' || state === 'running').length;
  }

  #keep(request: JobRequest, attempt: number): AttemptFiles {
    try {
      return this.#store.create({ request, attempt, acceptedAt: this.#parts.clock.now() });
    } catch (error) {
      this.#trouble(error);
      throw new HttpProblem('worker_full', `this worker cannot keep the job on its disk: ${messageOf(error)}`);
    }
  }

  #begin(
    directory: AttemptFiles,
    {
      after,
      admitted,
      isLeft,
    }: { readonly after: Promise<void> | null; readonly admitted: Promise<void>; readonly isLeft: boolean },
  ): RunningAttempt {
    const { runner, fencedRunner, upcoming, identity, communication, clock, log } = this.#parts;
    const { request, attempt } = directory.job;
    const running = new RunningAttempt(
      directory,
      {
        runner: request.token === undefined ? runner : fencedRunner,
        communication,
        clock,
        admitted,
        isLeft,
        asksToBegin: request.token !== undefined,
        isHeir: identity.isHeir,
        takePrepared: () => upcoming?.take(request),
        begun: () => void upcoming?.look(request),
        acquireSlot: (runsAlready) => (runsAlready ? Promise.resolve(this.#slots.occupy()) : this.#slots.acquire()),
        changed: () => this.#changed(),
        diskTrouble: (error) => this.#trouble(error),
      },
      after,
    );
    this.#attempts.set(request.jobId, running);
    if (request.token === undefined) this.#parts.unleased();
    upcoming?.entered(request);
    void running.ended.then(() => upcoming?.left(request, running.outcome?.status !== 'SUCCESS'));
    log.info('job accepted', { job: request.jobName, jobId: request.jobId, attempt });
    const away = running.gone.then(async (end) => {
      try {
        await this.#conclude(running, end);
      } catch (error) {
        log.error('an attempt could not be put away', { jobId: request.jobId, attempt, why: messageOf(error) });
      }
      if (this.#attempts.get(request.jobId) === running) this.#attempts.delete(request.jobId);
      this.#leaving.delete(away);
      this.#changed();
    });
    this.#leaving.add(away);
    this.#changed();
    return running;
  }

  async #conclude(running: RunningAttempt, end: Awaited<RunningAttempt['gone']>): Promise<void> {
    const { log } = this.#parts;
    const { jobId, attempt, directory, outcome } = running;
    const facts = { job: running.request.jobName, jobId, attempt };
    if (end.kind === 'stopped') return directory.close();
    this.#finished.add(jobId, attempt);
    switch (end.kind) {
      case 'delivered':
        log.info('job told', { ...facts, status: outcome?.status });
        return await directory.remove();
      case 'stale':
        log.warn('job dropped', { ...facts, reason: end.reason });
        return await directory.remove();
      case 'unknown-job':
        log.info('job kept here: no backend knows it', {
          ...facts,
          status: outcome?.status,
          directory: await this.#kept.keep(directory, outcome),
        });
        return;
      case 'given-up':
        log.error('job kept here: it could not be told', {
          ...facts,
          reason: end.reason,
          directory: await this.#kept.keep(directory, outcome),
        });
        return;
    }
  }

  #refuseWhenDraining(): void {
    if (this.#draining) throw new HttpProblem('worker_full', 'this worker takes no more jobs: it is about to end');
  }

  #trouble(error: unknown): void {
    const full = error !== null;
    if (full === this.#diskFull) return;
    this.#diskFull = full;
    if (full) this.#parts.log.error('the disk takes nothing', { why: messageOf(error) });
    else this.#parts.log.info('the disk takes something again');
    this.#changed();
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** What the backend has said, for whoever has called this worker. */
function refusalOf(error: unknown): unknown {
  if (error instanceof ApiProblem) {
    const { code, detail, title } = error.problem;
    // Which token the backend did not like is no matter of the caller's.
    if (code === 'unauthorized' || code === 'forbidden') {
      return new HttpProblem('unavailable', `the backend does not let this worker in: ${detail ?? title}`);
    }
    return new HttpProblem(code, detail ?? title);
  }
  return error instanceof ApiUnreachable ? new HttpProblem('unavailable', error.message) : error;
}
