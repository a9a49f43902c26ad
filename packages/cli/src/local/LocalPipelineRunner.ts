import type { RunEvent } from '@xx-pipeline/client';
import {
  Background,
  buildReport,
  type DependencyState,
  isoTime,
  isTerminal,
  type JobEvent,
  type JobExecution,
  type JobOutcome,
  type JobPlan,
  type JobRequest,
  localPrincipal,
  messageOf,
  whenAborted,
} from '@xx-pipeline/common';
import {
  createPipelineExecution,
  ExecutionRecord,
  indexPlan,
  type JobDecision,
  type PlanIndex,
  ProgressTracker,
} from '@xx-pipeline/pipeline-language';
import { type JobRunner, shownImage } from '@xx-pipeline/worker/execution';
import type { JobLogFile } from '../reports/JobLogFile.ts';
import type { LocalRun } from '../reports/LocalRun.ts';
import { ContainersBeforeTurn, type RunningAttempt } from './ContainersBeforeTurn.ts';
import type { LocalRunParts, LocalRunResult } from './local-run-parts.ts';
import { configError, makeJobRequest } from './make-job-request.ts';
import { SlotQueue } from './SlotQueue.ts';

/**
 * Runs a plan on this machine: the server's chain with the network and the database taken out.
 *
 *   decide --> queue --> slot --> attempt --> records --> decide ...
 *     |          '-- containers ahead --'        '--> queue (retry)
 *     '--> delay --> queue | manual | skip
 *
 * A job starts when its own conditions are met and a slot is free; nothing waits for a whole wave.
 */
export class LocalPipelineRunner {
  readonly #parts: LocalRunParts;
  readonly #index: PlanIndex;
  readonly #tracker: ProgressTracker;
  readonly #records: ExecutionRecord;
  readonly #jobRunner: JobRunner;
  readonly #ahead: ContainersBeforeTurn;
  readonly #openRun: Promise<LocalRun>;
  readonly #numbers: ReadonlyMap<string, number>;
  /** Jobs whose turn has come. */
  readonly #queue: SlotQueue;
  readonly #running = new Map<number, RunningAttempt>();
  #delayed = 0;
  /** Null until the run has its directory; only then jobs start. */
  #local: LocalRun | null = null;
  readonly #cancel = new AbortController();
  /** An error in the background is a bug or a failure of the machine: the run ends with it. */
  readonly #background = new Background((error) => this.#ended.resolve({ error }));
  readonly #ended = Promise.withResolvers<{ readonly error: unknown } | null>();

  constructor(parts: LocalRunParts) {
    this.#parts = parts;
    const { run, machine, world } = parts;
    this.#index = indexPlan(run.plan);
    this.#tracker = new ProgressTracker(this.#index);
    const execution = createPipelineExecution(run.plan, {
      id: world.ids.next(),
      pipelineName: run.name,
      source: run.sourceInfo,
      runNumber: 0,
      trigger: 'local',
      createdBy: localPrincipal,
      createdAt: isoTime(run.createdAt),
      ids: world.ids,
    });
    this.#records = new ExecutionRecord(execution, this.#index);
    this.#numbers = new Map(execution.jobs.map((job, number) => [job.id, number]));
    this.#queue = new SlotQueue(machine.slots);
    this.#ahead = new ContainersBeforeTurn({
      index: this.#index,
      jobOf: (number) => this.#jobOf(number),
      queue: this.#queue,
      slots: machine.slots,
      running: this.#running,
      jobRunner: () => this.#jobRunner,
      requestOf: (number) => this.#request(number, 1, 0),
    });
    this.#openRun = parts.openRun(execution.id, execution.jobs);
    this.#jobRunner = machine.createJobRunner({
      dependencies: { getDependencies: async (jobId) => this.#dependencies(jobId) },
      artifacts: {
        save: async (owner, archive) => (await this.#openRun).artifacts.save(owner, archive),
        open: async (jobId) => (await this.#openRun).artifacts.open(jobId),
      },
    });
  }

  /** Runs to the end, once. Rejects, after everything has been cleaned up, only when the run cannot be recorded. */
  async run(): Promise<LocalRunResult> {
    try {
      // The first containers are in the making before the disk has given the run its directory.
      this.#decide();
      this.#ahead.prepare();
      const local = await this.#openRun;
      this.#begin(local);
      const failure = await this.#ended.promise;
      if (failure !== null) this.#cancelAll(`xx itself failed: ${messageOf(failure.error)}`);
      const result = await this.#finish(local);
      if (failure !== null) throw failure.error;
      return result;
    } finally {
      this.#ahead.end();
      await this.#ahead.discarded();
    }
  }

  #begin(local: LocalRun): void {
    const { run, stops, dirty } = this.#parts;
    this.#local = local;
    this.#ahead.lookAhead();
    this.#records.setFacts({ runNumber: local.runNumber });
    this.#emit({
      type: 'run-started',
      execution: this.#records.snapshot(),
      plan: run.plan,
      directory: local.directory,
    });
    this.#background.run(
      dirty.then((isDirty) => this.#records.setFacts({ source: { ...this.#records.head.source, dirty: isDirty } })),
    );
    whenAborted(stops.interrupted, (reason) => this.#cancelAll(messageOf(reason)));
    whenAborted(local.broken, (reason) => this.#cancelAll(messageOf(reason)));
    this.#saveSoon();
    this.#fillSlots();
  }

  /** Takes the decisions that are due. */
  #decide(): void {
    if (this.#cancel.signal.aborted) return;
    for (const decision of this.#tracker.decide()) this.#apply(decision);
  }

  #apply(decision: JobDecision): void {
    const number = this.#index.numberOf.get(decision.job.name) ?? -1;
    const job = this.#change(number, (at) => this.#records.apply([decision], at));
    switch (decision.decision) {
      case 'start':
        this.#queue.push(number);
        return;
      case 'delay':
        this.#background.run(this.#delay(number, decision.job));
        return;
      case 'skip':
        this.#ahead.discard(job.id);
        return;
      case 'manual':
        return;
    }
  }

  async #delay(number: number, job: JobPlan): Promise<void> {
    this.#delayed++;
    try {
      await this.#parts.world.clock.sleep((job.startIn ?? 0) * 1000, this.#cancel.signal);
      this.#queue.push(number);
    } catch (error) {
      if (!this.#cancel.signal.aborted) throw error;
    } finally {
      this.#delayed--;
    }
    this.#fillSlots();
  }

  #fillSlots(): void {
    if (this.#local === null) {
      this.#ahead.prepare();
      return;
    }
    for (let turn = this.#queue.take(); turn !== null; turn = this.#queue.take()) {
      this.#background.run(this.#attempt(this.#local, turn.job, turn.slot));
    }
    this.#ahead.prepare();
    if (this.#running.size === 0 && this.#delayed === 0 && this.#queue.isEmpty) this.#ended.resolve(null);
  }

  /** One attempt of one job in one slot, and what follows from it. */
  async #attempt(local: LocalRun, number: number, slot: number): Promise<void> {
    const attempt = this.#jobOf(number).attempts.length + 1;
    const request = this.#request(number, attempt, slot);
    const state: RunningAttempt = { needs: request.ok ? request.value.needs : [], begun: !request.ok };
    this.#running.set(number, state);
    const log = request.ok ? local.logPath(request.value.jobId, attempt) : null;
    const outcome = request.ok
      ? await this.#runAttempt(local, number, request.value, state)
      : configError(request.error);
    // Never in the caller's turn: thousands of jobs that fail at once would fill the stack.
    await Promise.resolve();
    this.#running.delete(number);
    this.#queue.release(slot);
    this.#conclude(number, outcome, log);
    this.#fillSlots();
  }

  async #runAttempt(local: LocalRun, number: number, request: JobRequest, state: RunningAttempt): Promise<JobOutcome> {
    const { jobId, attempt } = request;
    const { eligibleAt } = this.#jobOf(number);
    const startedAt = this.#parts.world.clock.now();
    const log = local.openLog(jobId, attempt);
    const facts = { at: isoTime(startedAt), image: shownImage(request), log: local.logPath(jobId, attempt) };
    this.#change(number, () => this.#records.startAttempt(jobId, facts));
    const prepared = this.#ahead.take(request);
    const outcome = await this.#jobRunner.runJob(request, {
      ...(prepared === undefined ? {} : { prepared }),
      signal: this.#cancel.signal,
      kill: this.#parts.stops.killed,
      onEvent: (event) => {
        if (!state.begun && event.type === 'phase' && event.phase === 'script') {
          state.begun = true;
          this.#ahead.prepare();
        }
        return this.#tell({ jobId, jobName: request.jobName, attempt }, log, event);
      },
    });
    // The next job need not wait for the disk, within bounds.
    const closing = local.closeLog(log);
    if (local.hasManyOpenLogs) await closing;
    else this.#background.run(closing);
    const waited = eligibleAt === null ? 0 : Math.max(0, startedAt - Date.parse(eligibleAt));
    return { ...outcome, timings: { ...outcome.timings, queue: outcome.timings.queue + waited } };
  }

  #conclude(number: number, outcome: JobOutcome, log: string | null): void {
    const job = this.#change(number, (at) => this.#records.finishAttempt(this.#jobOf(number).id, outcome, { at, log }));
    if (job.status !== 'PENDING') this.#tracker.set(job.name, job);
    else if (this.#cancel.signal.aborted) this.#cancelJob(number);
    else this.#queue.push(number);
    this.#decide();
  }

  #request(number: number, attempt: number, slot: number) {
    const input = {
      index: this.#index,
      number,
      attempt,
      slot,
      execution: { id: this.#records.head.id, runNumber: this.#local?.runNumber ?? 0 },
      startedAt: this.#now(),
      jobNamed: (name: string) => this.#jobOf(this.#index.numberOf.get(name) ?? -1),
    };
    return makeJobRequest(input, this.#parts.run, this.#parts.machine);
  }

  /** Stops what runs, and everything else before it starts. Only the first reason counts. */
  #cancelAll(reason: string): void {
    if (this.#cancel.signal.aborted) return;
    this.#records.beginCancel(reason, { by: localPrincipal, at: this.#now() });
    this.#queue.clear();
    this.#cancel.abort(new Error(reason));
    for (const number of this.#index.jobs.keys()) this.#cancelJob(number);
    this.#ahead.end();
    this.#fillSlots();
  }

  #cancelJob(number: number): void {
    const { id, status } = this.#jobOf(number);
    if (isTerminal(status) || status === 'RUNNING') return;
    const message = this.#records.head.reason ?? 'canceled';
    this.#change(number, (at) => this.#records.cancelJob(id, { at, message }));
  }

  async #finish(local: LocalRun): Promise<LocalRunResult> {
    this.#ahead.end();
    await this.#background.settled();
    this.#records.close(this.#now());
    const execution = this.#records.snapshot();
    const report = buildReport(execution);
    const recorded = local.finish(report);
    await this.#parts.emit({ type: 'run-finished', execution, report });
    await recorded;
    local.broken.throwIfAborted();
    return { execution, report };
  }

  #dependencies(jobId: string): DependencyState[] {
    const needs = this.#running.get(this.#numbers.get(jobId) ?? -1)?.needs ?? [];
    return needs.map((need) => {
      const { id, name, status, allowFailure } = this.#records.job(need.jobId);
      return { jobId: id, jobName: name, status, allowFailure };
    });
  }

  /** The log and whoever watches may both hold a job back. */
  #tell(
    job: { readonly jobId: string; readonly jobName: string; readonly attempt: number },
    log: JobLogFile,
    event: JobEvent,
  ): void | Promise<void> {
    const written = event.type === 'log' ? log.write(event.chunk) : undefined;
    const shown = this.#parts.emit({ type: 'job-event', ...job, event });
    if (written === undefined) return shown;
    return shown === undefined ? written : Promise.all([written, shown]).then(() => undefined);
  }

  /** Changes the record of a job and reports it. */
  #change(number: number, change: (at: string) => void): JobExecution {
    change(this.#now());
    const job = this.#jobOf(number);
    // Before the run has a directory nobody watches: `run-started` will tell the state as it is then.
    if (this.#local !== null) {
      this.#emit({ type: 'job-changed', job });
      this.#saveSoon();
    }
    return job;
  }

  #saveSoon(): void {
    this.#local?.update(() => buildReport(this.#records.snapshot()));
  }

  #emit(event: RunEvent): void {
    const shown = this.#parts.emit(event);
    if (shown !== undefined) this.#background.run(shown);
  }

  #jobOf(number: number): JobExecution {
    const job = this.#records.jobs[number];
    if (job === undefined) throw new Error(`the plan has no job number ${number}`);
    return job;
  }

  #now(): string {
    return isoTime(this.#parts.world.clock.now());
  }
}
