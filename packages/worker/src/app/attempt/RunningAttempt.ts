import {
  aborted,
  type Clock,
  failedOutcome,
  type JobEvent,
  type JobOutcome,
  type JobRequest,
  type JobStatusUpdate,
  messageOf,
  runnerLineMark,
} from '@xx-pipeline/common';
import { type JobRunner, type PreparedJob, type ReleaseSlot, shownImage } from '../../execution/index.ts';
import type { DeliveryEnd } from '../delivery/AttemptDelivery.ts';
import type { WorkerCommunicationService } from '../delivery/WorkerCommunicationService.ts';
import type { Slots } from '../Slots.ts';
import type { AttemptFiles } from '../spool/AttemptFiles.ts';
import { LogSpool } from '../spool/LogSpool.ts';
import { outcomeUpdate } from './outcome-update.ts';

/** How an attempt starts. */
export interface AttemptStart {
  /** Resolves when the state directory is certainly this process's alone; before that, no file of the attempt is touched. */
  readonly admitted: Promise<void>;
  /** Resolves when a script may begin that has not; null: at once. */
  readonly after: Promise<void> | null;
  /** An earlier process has accepted it. */
  readonly isLeftover: boolean;
  /** Its script begins only when the backend knows that it is here. */
  readonly asksToBegin: boolean;
  /** The process before has certainly ended: a container that is not on this machine does not exist. */
  readonly isHeir: boolean;
}

/** The worker's parts that an attempt uses. */
export interface AttemptParts {
  readonly runner: JobRunner;
  readonly communication: WorkerCommunicationService;
  readonly clock: Clock;
  readonly start: AttemptStart;
  readonly slots: Pick<Slots, 'acquire' | 'occupy'>;
  /** The container that was made before the job was accepted; the attempt owns it. Called once, when it is to run. */
  readonly takePrepared: () => PreparedJob | undefined;
  readonly notify: {
    /** `state` has changed. */
    readonly changed: () => void;
    readonly scriptBegins: () => void;
    /** A write has failed with this error; null: one has succeeded. */
    readonly disk: (error: unknown) => void;
  };
}

/**
 * What an attempt does:
 *
 *   ready --> waiting (for other jobs) --> ready --> running <--> queued (by the engine, without a slot)
 *                                                      '--> delivering (its results) --> closed
 */
export type AttemptState = 'ready' | 'waiting' | 'running' | 'queued' | 'delivering' | 'closed';

/** How an attempt ended on this worker. */
export type AttemptEnd = DeliveryEnd;

/**
 * Who decides the outcome:
 *
 *   open --the script has ended, or the attempt has failed--> decided
 *     '---the worker gives it back, to be retried elsewhere--> given-back
 *   each --the backend has taken it away--> lost (nothing more is reported)
 */
type Verdict =
  | { readonly kind: 'open' }
  | { readonly kind: 'decided' }
  | { readonly kind: 'given-back'; readonly reason: string }
  | { readonly kind: 'lost'; readonly reason: string };

/** One attempt of one job on this worker, from its acceptance until the backend has everything. */
export class RunningAttempt {
  readonly files: AttemptFiles;
  /** Resolves when the worker has nothing more to do for it. Never rejects. */
  readonly end: Promise<AttemptEnd>;
  readonly #parts: AttemptParts;
  readonly #cancel = new AbortController();
  readonly #kill = new AbortController();
  readonly #executionEnded = Promise.withResolvers<void>();
  readonly #adoptionDecided = Promise.withResolvers<void>();
  /** Resolves when the backend has answered that it does not know the job: no other worker gets it then. */
  readonly #unowned = Promise.withResolvers<void>();
  #state: AttemptState = 'ready';
  #verdict: Verdict = { kind: 'open' };
  #outcome: JobOutcome | null = null;
  #spool: LogSpool | null = null;
  #slot: ReleaseSlot | null = null;
  #atLineStart = true;

  constructor(files: AttemptFiles, parts: AttemptParts) {
    this.files = files;
    this.#parts = parts;
    this.end = this.#live()
      .catch((error: unknown): AttemptEnd => ({ kind: 'given-up', reason: `the worker failed: ${messageOf(error)}` }))
      .finally(() => {
        this.#adoptionDecided.resolve();
        this.#executionEnded.resolve();
        this.#move('closed');
      });
  }

  get request(): JobRequest {
    return this.files.job.request;
  }

  get jobId(): string {
    return this.request.jobId;
  }

  get attempt(): number {
    return this.files.job.attempt;
  }

  get state(): AttemptState {
    return this.#state;
  }

  /** The job's outcome; null while it has none. */
  get outcome(): JobOutcome | null {
    return this.#outcome;
  }

  /** The attempt belongs to this worker no longer. */
  get isLost(): boolean {
    return this.#verdict.kind === 'lost';
  }

  /** Resolves when nothing of the attempt runs. */
  get executionEnded(): Promise<void> {
    return this.#executionEnded.promise;
  }

  /** Resolves when it is known whether a container of an earlier process continues. */
  get adoptionDecided(): Promise<void> {
    return this.#adoptionDecided.promise;
  }

  /** Cancels the job: TERM, grace time, KILL; then its outcome is reported as usual. */
  cancel(): void {
    this.#cancel.abort(new Error('canceled'));
  }

  /** Ends the job at once and reports it as lost by this worker, so that it is retried elsewhere. */
  giveBack(reason: string): void {
    if (this.#verdict.kind !== 'open' || this.#state === 'delivering' || this.#state === 'closed') return;
    this.#verdict = { kind: 'given-back', reason };
    this.#kill.abort(new Error(reason));
  }

  /** Ends the attempt at once; nothing more is reported about it. */
  lose(reason: string): void {
    if (this.#verdict.kind !== 'lost') this.#verdict = { kind: 'lost', reason };
    this.#kill.abort(new Error(reason));
    this.#parts.communication.unfollow(this.files);
  }

  /** Writes a line into the job's log. */
  say(text: string): void {
    const start = this.#atLineStart ? '' : '\n';
    this.#atLineStart = true;
    void this.#spool?.write({
      stream: 'runner',
      at: this.#parts.clock.now(),
      bytes: Buffer.from(`${start}${text}\n`),
      mark: runnerLineMark({ kind: 'note', text }),
    });
  }

  async #live(): Promise<AttemptEnd> {
    const { communication, clock, notify, start } = this.#parts;
    await Promise.race([start.admitted, aborted(this.#kill.signal)]);
    if (this.#verdict.kind === 'lost') return { kind: 'stale', reason: this.#verdict.reason };
    // It may belong to another process: nothing is reported, the next process decides.
    if (this.#kill.signal.aborted && start.isLeftover) return { kind: 'stopped' };
    const spool = await LogSpool.on(this.files.logFile, {
      onGrowth: () => communication.logGrew(this.jobId),
      onTrouble: notify.disk,
      now: () => clock.now(),
    });
    this.#spool = spool;
    const delivery = communication.follow(this.files, spool).then((end) => {
      if (end.kind === 'stale') this.lose(end.reason);
      if (end.kind === 'unknown-job') this.#unowned.resolve();
      return end;
    });
    try {
      await this.#execute(spool);
      this.#executionEnded.resolve();
      await spool.finish();
      if (!this.isLost) this.#reportLast();
      this.#move('delivering');
      const end = await delivery;
      return this.#lostEnd() ?? end;
    } finally {
      communication.unfollow(this.files);
      this.#spool = null;
      await spool.close();
    }
  }

  #lostEnd(): AttemptEnd | null {
    return this.#verdict.kind === 'lost' ? { kind: 'stale', reason: this.#verdict.reason } : null;
  }

  async #execute(spool: LogSpool): Promise<void> {
    const { outcome, reports, begunAt } = this.files.journal.state;
    if (outcome !== null || reports.some(({ status }) => status !== 'RUNNING')) {
      // It had ended before the worker did: only its results are left to deliver.
      this.#outcome = outcome;
      return;
    }
    const adopted = begunAt === null ? null : await this.#adopt();
    if (begunAt !== null && adopted === null) return;
    this.#adoptionDecided.resolve();
    const { after } = this.#parts.start;
    if (begunAt === null && after !== null) await Promise.race([after, this.#stopped()]);
    const prepared = adopted ?? this.#parts.takePrepared();
    const result = await this.#parts.runner.runJob(this.request, {
      signal: this.#cancel.signal,
      kill: this.#kill.signal,
      reportedLog: spool.reported,
      acquireSlot: () => this.#acquireSlot(begunAt !== null),
      onQueued: (isQueued) => this.#onQueued(isQueued),
      onEvent: (event) => this.#onEvent(event, spool),
      onDecided: (decided) => this.#onDecided(decided, spool),
      ...(prepared === undefined ? {} : { prepared }),
      ...(begunAt === null ? {} : { begunAt }),
    });
    const { kind } = this.#verdict;
    this.#outcome = kind === 'given-back' ? { ...result, ...interrupted(this.#verdict.reason) } : result;
  }

  /** The container in which an earlier process has begun the script; null if it is not there: then the attempt has ended. */
  async #adopt(): Promise<PreparedJob | null> {
    const adopted = await this.#parts.runner.adopt(this.request);
    if (adopted !== null) this.#move('running');
    // The container may run on another machine: no other attempt may begin before the lease has ended.
    else if (!this.#parts.start.isHeir) this.lose('its container is not on this machine');
    else this.#outcome = interrupted('the worker was restarted while the job ran, and its container cannot be found');
    return adopted;
  }

  #onDecided(outcome: JobOutcome, spool: LogSpool): void | Promise<void> {
    // A job that is given back has not ended: another attempt will.
    if (this.#verdict.kind !== 'open') return;
    this.#verdict = { kind: 'decided' };
    // The log first: the rest of the output is not read once the outcome is known.
    const note = () => this.files.journal.note({ type: 'outcome', outcome });
    const writing = spool.settled();
    if (writing === undefined) note();
    else return writing.then(note);
  }

  async #acquireSlot(now: boolean): Promise<ReleaseSlot> {
    if (this.#state === 'waiting') this.#move('ready');
    const { slots } = this.#parts;
    this.#slot = now ? slots.occupy() : await slots.acquire();
    this.#move('running');
    return () => this.#releaseSlot();
  }

  #releaseSlot(): void {
    this.#slot?.();
    this.#slot = null;
  }

  /** A container in a queue of the engine has no slot; when it starts, it has one at once, free or not. */
  #onQueued(isQueued: boolean): void {
    if (isQueued) {
      this.#releaseSlot();
      this.#move('queued');
    } else if (this.#state === 'queued') {
      this.#slot = this.#parts.slots.occupy();
      this.#move('running');
    }
  }

  #onEvent(event: JobEvent, spool: LogSpool): void | Promise<void> {
    if (event.type === 'log') {
      this.#atLineStart = event.chunk.bytes.at(-1) === 10;
      return spool.write(event.chunk);
    }
    if (event.type !== 'phase') return;
    const { journal } = this.files;
    switch (event.phase) {
      case 'dependencies':
        this.#move('waiting');
        return;
      case 'prepare':
        if (journal.state.reports.length === 0) this.#report({ status: 'RUNNING' }, false);
        return;
      case 'script':
        this.#parts.notify.scriptBegins();
        if (journal.state.begunAt === null && this.#parts.start.asksToBegin) return this.#beginWhenKnown(event.at);
        journal.note({ type: 'begun', at: event.at });
        return;
      default:
        return;
    }
  }

  /** Until the backend knows that the attempt is here, it may give the job to another worker at any time. */
  async #beginWhenKnown(at: number): Promise<void> {
    const known = this.#parts.communication.acknowledged(this.files);
    await Promise.race([known, this.#unowned.promise, this.#stopped()]);
    if (!this.#kill.signal.aborted && !this.#cancel.signal.aborted) this.files.journal.note({ type: 'begun', at });
  }

  /** Resolves when the attempt is canceled or killed. */
  #stopped(): Promise<void> {
    return aborted(AbortSignal.any([this.#kill.signal, this.#cancel.signal]));
  }

  #reportLast(): void {
    const { journal } = this.files;
    const last = journal.state.reports.at(-1);
    if (last !== undefined && last.status !== 'RUNNING') {
      this.#parts.communication.reportFinished(this.jobId);
      return;
    }
    this.#report(outcomeUpdate(this.#outcome ?? interrupted('the worker lost track of the job')), true);
  }

  #report(update: Pick<JobStatusUpdate, 'status'> & Partial<JobStatusUpdate>, last: boolean): void {
    const { jobId, token } = this.request;
    this.#parts.communication.reportJobStatus(
      this.files,
      {
        jobId,
        attempt: this.attempt,
        ...(token === undefined ? {} : { token }),
        image: shownImage(this.request),
        ...update,
      },
      last,
    );
  }

  #move(state: AttemptState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#parts.notify.changed();
  }
}

/** The outcome of an attempt that this worker could not bring to its end. */
const interrupted = (message: string): JobOutcome => failedOutcome('worker_lost', message);
