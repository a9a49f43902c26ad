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
import type { AttemptFiles } from '../spool/AttemptFiles.ts';
import { LogSpool } from '../spool/LogSpool.ts';
import { outcomeUpdate } from './outcome-update.ts';

/** What an attempt needs of its worker. */
export interface AttemptSurroundings {
  readonly runner: JobRunner;
  readonly communication: WorkerCommunicationService;
  readonly clock: Clock;
  /** A slot, when one is free and it is this attempt's turn; at once for one that runs already. */
  readonly acquireSlot: (runsAlready: boolean) => Promise<ReleaseSlot>;
  /** The attempt has moved on: see `state`. */
  readonly changed: () => void;
  readonly diskTrouble: (error: unknown) => void;
  /** Resolves when nothing of what lies in the state directory can be somebody else's; before that it is not touched. */
  readonly admitted: Promise<void>;
  /** An earlier process has accepted it. */
  readonly isLeft: boolean;
  /** Its script begins only when the backend knows that it is here. */
  readonly asksToBegin: boolean;
  /** The container that was made for it before it came; asked for once, when it is to run. */
  readonly takePrepared: () => PreparedJob | undefined;
  /** Its script begins. */
  readonly begun: () => void;
  /** Whoever had this state directory before has certainly ended: a container that is not here is nowhere. */
  readonly isHeir: boolean;
}

/**
 * Where an attempt is:
 *
 *   ready --> waiting (for other jobs) --> ready --> running --> finished (being told) --> gone
 */
export type AttemptState = 'ready' | 'waiting' | 'running' | 'finished' | 'gone';

/** How it came to an end on this worker. */
export type AttemptEnd = DeliveryEnd;

/** One attempt of one job on this worker, from its acceptance until the backend has everything. */
export class RunningAttempt {
  readonly directory: AttemptFiles;
  /** Resolves when the worker has nothing more to do with it. Never rejects. */
  readonly gone: Promise<AttemptEnd>;
  /** Resolves when nothing of it runs any more. */
  readonly ended: Promise<void>;
  /** Resolves when it is known whether a container of an earlier process goes on with it. */
  readonly picked: Promise<void>;
  readonly #around: AttemptSurroundings;
  readonly #cancel = new AbortController();
  readonly #kill = new AbortController();
  #state: AttemptState = 'ready';
  #lostReason: string | null = null;
  #handBack: string | null = null;
  /** Resolves when the backend has said that it does not know the job: then nobody else gets it. */
  readonly #unowned = Promise.withResolvers<void>();
  #spool: LogSpool | null = null;
  #atLineStart = true;
  /** It ended by itself: too late to give it back. */
  #decided = false;
  #outcome: JobOutcome | null = null;

  /** `begin`: resolves when the attempt may begin; for a recovered one, when it is known to be still ours. */
  constructor(directory: AttemptFiles, around: AttemptSurroundings, begin: Promise<void> | null = null) {
    this.directory = directory;
    this.#around = around;
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    this.ended = ended;
    const { promise: picked, resolve: pick } = Promise.withResolvers<void>();
    this.picked = picked;
    this.gone = this.#live(begin, pick, resolve).catch((error: unknown): AttemptEnd => {
      return { kind: 'given-up', reason: `the worker failed: ${messageOf(error)}` };
    });
    void this.gone.then(() => {
      pick();
      resolve();
      this.#move('gone');
    });
  }

  get request(): JobRequest {
    return this.directory.job.request;
  }

  get jobId(): string {
    return this.request.jobId;
  }

  get attempt(): number {
    return this.directory.job.attempt;
  }

  get state(): AttemptState {
    return this.#state;
  }

  /** How the job ended; null while it has not. */
  get outcome(): JobOutcome | null {
    return this.#outcome;
  }

  /** The attempt belongs to somebody else now. */
  get isLost(): boolean {
    return this.#lostReason !== null;
  }

  /** Ends the job as a person wants it: TERM, grace time, KILL; then told as usual. */
  cancel(): void {
    this.#cancel.abort(new Error('canceled'));
  }

  /** Ends the job at once and gives it back: told as lost by this worker, so that it is tried again. */
  giveBack(reason: string): void {
    if (this.#decided || this.#state === 'finished' || this.#state === 'gone') return;
    this.#handBack ??= reason;
    this.#kill.abort(new Error(reason));
  }

  /** Writes a line into the job's log. */
  say(text: string): void {
    const start = this.#atLineStart ? '' : '\n';
    this.#atLineStart = true;
    void this.#spool?.write({
      stream: 'runner',
      at: this.#around.clock.now(),
      bytes: Buffer.from(`${start}${text}\n`),
      mark: runnerLineMark({ kind: 'note', text }),
    });
  }

  /** The attempt is no longer ours: ends it at once, tells nothing more. */
  lose(reason: string): void {
    this.#lostReason ??= reason;
    this.#kill.abort(new Error(reason));
    this.#around.communication.unfollow(this.directory);
  }

  async #live(begin: Promise<void> | null, pick: () => void, ended: () => void): Promise<AttemptEnd> {
    const { communication, clock, diskTrouble, admitted, isLeft } = this.#around;
    await Promise.race([admitted, aborted(this.#kill.signal)]);
    if (this.#lostReason !== null) return { kind: 'stale', reason: this.#lostReason };
    // Not known to be ours: nothing is told, the next process will see.
    if (this.#kill.signal.aborted && isLeft) return { kind: 'stopped' };
    const spool = await LogSpool.on(this.directory.logFile, {
      onGrowth: () => communication.logGrew(this.jobId),
      onTrouble: diskTrouble,
      now: () => clock.now(),
    });
    this.#spool = spool;
    const delivery = communication.follow(this.directory, spool).then((end) => {
      if (end.kind === 'stale') this.lose(end.reason);
      if (end.kind === 'unknown-job') this.#unowned.resolve();
      return end;
    });
    try {
      const { reports } = this.directory.journal.state;
      if (reports.some((update) => update.status !== 'RUNNING')) this.#finishedBefore();
      else await this.#run(spool, begin, pick);
      ended();
      await spool.finish();
      if (this.#lostReason === null) this.#reportLast();
      this.#move('finished');
      const end = await delivery;
      return this.#lostReason === null ? end : { kind: 'stale', reason: this.#lostReason };
    } finally {
      communication.unfollow(this.directory);
      this.#spool = null;
      await spool.close();
    }
  }

  async #run(spool: LogSpool, begin: Promise<void> | null, pick: () => void): Promise<void> {
    const { runner } = this.#around;
    const { journal } = this.directory;
    if (journal.state.outcome !== null) {
      this.#outcome = journal.state.outcome;
      return;
    }
    let adopted: PreparedJob | null = null;
    const { begunAt } = journal.state;
    if (begunAt !== null) {
      adopted = await runner.adopt(this.request);
      if (adopted === null && !this.#around.isHeir) {
        // Perhaps it goes on elsewhere: nobody else may get the job before the lease has ended.
        this.lose('its container is not on this machine');
        return;
      }
      if (adopted === null) {
        this.#outcome = interrupted(
          'the worker was restarted while the job ran, and its container cannot be found again',
        );
        return;
      }
      this.#move('running');
    }
    pick();
    if (begunAt === null && begin !== null) {
      await Promise.race([begin, aborted(AbortSignal.any([this.#kill.signal, this.#cancel.signal]))]);
    }
    const prepared = adopted ?? this.#around.takePrepared();
    const outcome = await runner.runJob(this.request, {
      signal: this.#cancel.signal,
      kill: this.#kill.signal,
      reportedLog: spool.reported,
      acquireSlot: () => this.#acquireSlot(),
      onEvent: (event) => this.#onEvent(event, spool),
      onDecided: (decided) => {
        // A job that is given back has not ended: another attempt will.
        if (this.#handBack !== null || this.#lostReason !== null) return;
        this.#decided = true;
        // The log first: once the outcome is known nobody looks for the rest of the output any more.
        const note = () => journal.note({ type: 'outcome', outcome: decided });
        const writing = spool.settled();
        if (writing === undefined) note();
        else return writing.then(note);
      },
      ...(prepared === undefined ? {} : { prepared }),
      ...(begunAt === null ? {} : { begunAt }),
    });
    this.#outcome = this.#handBack === null ? outcome : { ...outcome, ...interrupted(this.#handBack) };
  }

  async #acquireSlot(): Promise<ReleaseSlot> {
    if (this.#state === 'waiting') this.#move('ready');
    const release = await this.#around.acquireSlot(this.directory.journal.state.begunAt !== null);
    this.#move('running');
    return release;
  }

  #onEvent(event: JobEvent, spool: LogSpool): void | Promise<void> {
    if (event.type === 'log') {
      this.#atLineStart = event.chunk.bytes.at(-1) === 10;
      return spool.write(event.chunk);
    }
    if (event.type !== 'phase') return;
    const { journal } = this.directory;
    switch (event.phase) {
      case 'dependencies':
        this.#move('waiting');
        return;
      case 'prepare':
        if (journal.state.reports.length === 0) this.#report({ status: 'RUNNING' }, false);
        return;
      case 'script':
        this.#around.begun();
        if (journal.state.begunAt === null && this.#around.asksToBegin) return this.#beginWhenKnown(event.at);
        journal.note({ type: 'begun', at: event.at });
        return;
      default:
        return;
    }
  }

  /** Before the backend knows that the attempt is here, it may give the job to somebody else at any time. */
  async #beginWhenKnown(at: number): Promise<void> {
    const known = this.#around.communication.acknowledged(this.directory);
    const stopped = aborted(AbortSignal.any([this.#kill.signal, this.#cancel.signal]));
    await Promise.race([known, this.#unowned.promise, stopped]);
    if (!this.#kill.signal.aborted && !this.#cancel.signal.aborted) this.directory.journal.note({ type: 'begun', at });
  }

  /** Everything of it was over when the worker ended: only the telling is left. */
  #finishedBefore(): void {
    this.#outcome = this.directory.journal.state.outcome;
  }

  #reportLast(): void {
    const { journal } = this.directory;
    const last = journal.state.reports.at(-1);
    if (last !== undefined && last.status !== 'RUNNING') {
      this.#around.communication.reportFinished(this.jobId);
      return;
    }
    this.#report(outcomeUpdate(this.#outcome ?? interrupted('the worker lost track of the job')), true);
  }

  #report(update: Pick<JobStatusUpdate, 'status'> & Partial<JobStatusUpdate>, last: boolean): void {
    const { jobId, token } = this.request;
    this.#around.communication.reportJobStatus(
      this.directory,
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
    this.#around.changed();
  }
}

/** The outcome of an attempt that this worker could not bring to its end. */
const interrupted = (message: string): JobOutcome => failedOutcome('worker_lost', message);
