import { join } from 'node:path';
import { Background, type Clock, type JobRequest, messageOf, type Result, success } from '@xx-pipeline/common';
import { ApiProblem, ApiUnreachable, type Problem, refused } from '@xx-pipeline/common/api';
import type { ServiceLog } from '@xx-pipeline/service';
import type { JobRunner } from '../execution/index.ts';
import { AttemptTable } from './AttemptTable.ts';
import { type AttemptEnd, RunningAttempt } from './attempt/RunningAttempt.ts';
import { DiskWatch } from './DiskWatch.ts';
import type { WorkerCommunicationService } from './delivery/WorkerCommunicationService.ts';
import { Slots } from './Slots.ts';
import type { AttemptFiles } from './spool/AttemptFiles.ts';
import { AttemptStore } from './spool/AttemptStore.ts';
import { FinishedAttempts } from './spool/FinishedAttempts.ts';
import { UndeliveredAttempts } from './spool/UndeliveredAttempts.ts';
import type { UpcomingJobs } from './UpcomingJobs.ts';
import type { WorkerBackendClient } from './WorkerBackendClient.ts';
import type { WorkerIdentity } from './WorkerIdentity.ts';

/** The runners of a worker's attempts. */
export interface WorkerRunners {
  /** For jobs without a lease: only this worker has them. */
  readonly unleased: JobRunner;
  /** For jobs with a lease: their containers pause before it ends. */
  readonly leased: JobRunner;
}

/** The parts of a worker's service. */
export interface WorkerServiceParts {
  readonly runners: WorkerRunners;
  /** null: no container is made before its job is accepted. */
  readonly upcoming: UpcomingJobs | null;
  readonly backend: {
    readonly communication: WorkerCommunicationService;
    /** null: there is no backend. */
    readonly client: WorkerBackendClient | null;
  };
  readonly identity: Pick<WorkerIdentity, 'workerId' | 'instanceId' | 'isHeir'>;
  readonly clock: Clock;
  readonly log: ServiceLog;
  readonly settings: WorkerSettings;
}

/** The settings of a worker's service. */
export interface WorkerSettings {
  readonly slots: number;
  readonly stateDirectory: string;
  /** Called when a job without a lease has been accepted. */
  readonly onUnleased: () => void;
}

/** The answer to a request that was not refused. */
export interface Acceptance {
  readonly jobId: string;
  readonly attempt: number;
  readonly state: 'accepted' | 'known';
}

/** Jobs that only wait for others may be many, but not without a limit. */
const mostWaiting = 10_000;

/**
 * The jobs of one worker: accepts them (once each), runs them in its slots, cancels them, and continues after a restart
 * with those of the process before.
 */
export class PipelineExecutionWorkerService {
  readonly attempts = new AttemptTable();
  readonly disk: DiskWatch;
  readonly #parts: WorkerServiceParts;
  readonly #slots: Slots;
  readonly #store: AttemptStore;
  readonly #finished: FinishedAttempts;
  readonly #undelivered: UndeliveredAttempts;
  /** The end of each attempt: its files are deleted or kept for a person. */
  readonly #endings: Background;
  readonly #stop = new AbortController();
  /** Resolves when new jobs may begin. */
  readonly #admission = Promise.withResolvers<void>();
  #leftovers: readonly RunningAttempt[] = [];
  #draining = false;

  constructor(parts: WorkerServiceParts) {
    const { log, settings } = parts;
    const { slots, stateDirectory } = settings;
    this.#parts = parts;
    this.#slots = new Slots(slots);
    this.#store = new AttemptStore(stateDirectory);
    this.#finished = new FinishedAttempts(join(stateDirectory, 'finished'));
    this.#undelivered = new UndeliveredAttempts(join(stateDirectory, 'kept'));
    this.#endings = new Background((error) => log.error('files of an attempt not removed', { why: messageOf(error) }));
    this.disk = new DiskWatch({ stateDirectory, log, changed: () => this.attempts.changed() });
  }

  /** Reads the attempts of earlier processes. They begin when `confirmed` resolves; until then their files are not touched. */
  async loadLeftovers(confirmed: Promise<void>): Promise<void> {
    const leftovers = await this.#store.openAll();
    // A container that only waited for its script is removed before another one is made.
    const after = this.#admission.promise;
    this.#leftovers = leftovers.map((files) => this.#begin(files, { after, admitted: confirmed, isLeftover: true }));
  }

  /** Resolves when it is known which containers of earlier processes continue. */
  async leftoversAdopted(): Promise<void> {
    await Promise.all(this.#leftovers.map((running) => running.adoptionDecided));
    this.#leftovers = [];
  }

  /** New jobs may begin: every container of earlier processes has been adopted or removed. */
  admitNew(): void {
    this.#admission.resolve();
  }

  /**
   * Accepts a job: when this returns, it is on the disk. The same attempt again is known. Problems: `stale_attempt` for an
   * attempt older than one that is known, `worker_full` while no slot is free or this worker shuts down.
   */
  executeJob(request: JobRequest): Result<Acceptance, Problem> {
    const { jobId } = request;
    const { attempt } = request;
    const current = this.attempts.find(jobId);
    const newest = Math.max(current?.attempt ?? 0, this.#finished.newestOf(jobId));
    if (attempt === newest) return success({ jobId, attempt, state: 'known' });
    if (attempt < newest) return refused('stale_attempt', `attempt ${newest} of this job is known to this worker`);
    const full = this.#whyFull();
    if (full !== null) return refused('worker_full', full);
    const files = this.#keep(request, attempt);
    if (!files.ok) return files;
    // Two attempts of one job never run at once, for whatever reason a new one comes.
    current?.lose(`replaced by attempt ${attempt}`);
    const after = current?.executionEnded ?? null;
    this.#begin(files.value, { after, admitted: this.#admission.promise, isLeftover: false });
    return success({ jobId, attempt, state: 'accepted' });
  }

  /**
   * Executes the jobs of a run here, all that have not begun, in dependency order: from now on the backend gives them to
   * this worker alone while it lives, each as soon as its turn has come and a slot is free. Returns how many.
   */
  async executePipeline(id: string): Promise<Result<{ pipelineExecutionId: string; jobs: number }, Problem>> {
    const { backend, identity, log } = this.#parts;
    const { client } = backend;
    if (client === null) return refused('unavailable', 'this worker has no backend to fetch a run from');
    if (this.#draining) return refused('worker_full', shuttingDown);
    const { workerId, instanceId } = identity;
    try {
      const reserved = await client.reserveExecution(id, { workerId, instanceId }, this.#stop.signal);
      log.info('run reserved for this worker', { ...reserved });
      return success(reserved);
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal === null) throw error;
      return refusal;
    }
  }

  /** Cancels a job. False if it does not run here, or only an attempt other than the one with this number. */
  cancelJob(jobId: string, attempt?: number): boolean {
    const running = this.attempts.find(jobId, attempt);
    running?.cancel();
    return running !== null;
  }

  /** Ends an attempt that belongs to this worker no longer. Nothing more is reported about it. */
  loseJob(jobId: string, attempt: number, reason: string): void {
    const running = this.attempts.find(jobId, attempt);
    if (running === null || running.isLost) return;
    this.#parts.log.warn('attempt taken away', { job: running.request.jobName, jobId, attempt, reason });
    running.lose(reason);
  }

  /** Ends all attempts: another process has this worker's identity. */
  loseAll(reason: string): void {
    for (const running of this.attempts.all()) this.loseJob(running.jobId, running.attempt, reason);
  }

  get slots(): number {
    return this.#slots.size;
  }

  get freeSlots(): number {
    return this.#draining || this.disk.isFull ? 0 : Math.max(0, this.#slots.size - this.attempts.busy);
  }

  get isDraining(): boolean {
    return this.#draining;
  }

  /** Accepts no more jobs. */
  drain(): void {
    this.#draining = true;
    void this.#parts.upcoming?.close();
  }

  /** Ends everything that runs; the backend is asked to retry it elsewhere. */
  giveBackAll(reason: string): void {
    for (const running of this.attempts.all()) running.giveBack(reason);
  }

  /** Resolves when nothing runs or waits here; results may still be on their way. */
  async idle(): Promise<void> {
    await Promise.all(this.attempts.all().map((running) => running.executionEnded));
  }

  /** Resolves when the backend has all results. */
  async delivered(): Promise<void> {
    await this.#endings.settled();
  }

  /** Stops delivery; what the backend does not have stays on the disk for the next process. */
  async close(): Promise<void> {
    this.#draining = true;
    this.#stop.abort(new Error('the worker is shutting down'));
    this.#parts.backend.communication.close();
    await Promise.all([this.delivered(), this.#parts.upcoming?.close()]);
    this.#finished.close();
    await this.#store.close();
  }

  /** Why no job can be accepted; null if one can. */
  #whyFull(): string | null {
    if (this.#draining) return shuttingDown;
    if (this.disk.isFull) return "this worker's disk is full";
    if (this.freeSlots === 0) return `all ${this.#slots.size} slots of this worker are in use`;
    return this.attempts.counts().waiting >= mostWaiting ? `${mostWaiting} jobs wait on this worker already` : null;
  }

  #keep(request: JobRequest, attempt: number): Result<AttemptFiles, Problem> {
    try {
      return success(this.#store.create({ request, attempt, acceptedAt: this.#parts.clock.now() }));
    } catch (error) {
      this.disk.report(error);
      return refused('worker_full', `this worker cannot write the job to its disk: ${messageOf(error)}`);
    }
  }

  #begin(
    files: AttemptFiles,
    start: { readonly after: Promise<void> | null; readonly admitted: Promise<void>; readonly isLeftover: boolean },
  ): RunningAttempt {
    const { runners, upcoming, identity, backend, clock, log, settings } = this.#parts;
    const { request, attempt } = files.job;
    const isLeased = request.token !== undefined;
    const running = new RunningAttempt(files, {
      runner: isLeased ? runners.leased : runners.unleased,
      communication: backend.communication,
      clock,
      start: { ...start, isHeir: identity.isHeir, asksToBegin: isLeased },
      slots: this.#slots,
      takePrepared: () => upcoming?.take(request),
      notify: {
        changed: () => this.attempts.changed(),
        scriptBegins: () => void upcoming?.look(request),
        disk: (error) => this.disk.report(error),
      },
    });
    this.attempts.add(running);
    if (!isLeased) settings.onUnleased();
    upcoming?.entered(request);
    void running.executionEnded.then(() => upcoming?.left(request, running.outcome?.status !== 'SUCCESS'));
    log.info('job accepted', { job: request.jobName, jobId: request.jobId, attempt });
    this.#endings.run(this.#whenEnded(running));
    this.attempts.changed();
    return running;
  }

  async #whenEnded(running: RunningAttempt): Promise<void> {
    const end = await running.end;
    try {
      await this.#conclude(running, end);
    } finally {
      this.attempts.remove(running);
      this.attempts.changed();
    }
  }

  async #conclude(running: RunningAttempt, end: AttemptEnd): Promise<void> {
    const { log } = this.#parts;
    const { jobId, attempt, files, outcome } = running;
    const facts = { job: running.request.jobName, jobId, attempt };
    if (end.kind === 'stopped') return files.close();
    this.#finished.add(jobId, attempt);
    switch (end.kind) {
      case 'delivered':
        log.info('job delivered', { ...facts, status: outcome?.status });
        return await files.remove();
      case 'stale':
        log.warn('job dropped', { ...facts, reason: end.reason });
        return await files.remove();
      case 'unknown-job': {
        const directory = await this.#undelivered.keep(files, outcome);
        log.info('result kept locally: no backend knows the job', { ...facts, status: outcome?.status, directory });
        return;
      }
      case 'given-up': {
        const directory = await this.#undelivered.keep(files, outcome);
        const message = 'result kept locally: could not be delivered to the backend';
        log.error(message, { ...facts, reason: end.reason, directory });
        return;
      }
    }
  }
}

const shuttingDown = 'this worker accepts no more jobs: it is shutting down';

/** The backend's refusal, for the caller of this worker; null if the error is none. */
function refusalOf(error: unknown): Result<never, Problem> | null {
  if (error instanceof ApiProblem) {
    const { code, detail, title } = error.problem;
    // The caller does not know the token that the backend has rejected.
    if (code === 'unauthorized' || code === 'forbidden') {
      return refused('unavailable', `the backend rejects this worker's token: ${detail ?? title}`);
    }
    return refused(code, detail ?? title);
  }
  return error instanceof ApiUnreachable ? refused('unavailable', error.message) : null;
}
