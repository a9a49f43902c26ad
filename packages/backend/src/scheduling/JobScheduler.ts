import { Background, failedOutcome, type JobRequest, type Result, success } from '@xx-pipeline/common';
import type { Checked, Problem, pollSchema } from '@xx-pipeline/common/api';
import { concludeAttempt } from '../execution/draft-steps.ts';
import { aliveMs } from '../leases.ts';
import type { WorkerRecord } from '../store/WorkerStore.ts';
import { type AssignedJob, assignJobs } from './assign-jobs.ts';
import type { Backoff } from './Backoff.ts';
import { Fleet, type FleetMember } from './Fleet.ts';
import { JobPushes } from './JobPushes.ts';
import { Latch } from './Latch.ts';
import type { ListeningTime } from './ListeningTime.ts';
import { isSame } from './lease-sweeper.ts';
import { type Match, matchJobs, type Place } from './match-jobs.ts';
import { PollWaiters } from './PollWaiters.ts';
import type { SchedulingParts } from './scheduling-parts.ts';
import { WaitingReasons } from './WaitingReasons.ts';
import type { WorkerRegistry } from './WorkerRegistry.ts';

/** The scheduler's collaborators. */
export interface SchedulerNeighbors {
  readonly registry: WorkerRegistry;
  readonly backoff: Backoff;
  readonly listening: ListeningTime;
}

/** The answer to a long poll. */
export interface PollAnswer {
  readonly jobs: JobRequest[];
  /** The worker is to send a heartbeat: the answer has something for it. */
  readonly heartbeat: boolean;
}

/** Milliseconds between two looks without a hint: hints may get lost. */
const safetyLook = 1000;
/** Workers may be as they were so long ago, ms, where that is good enough. */
const rememberFor = 500;
const fewestJobs = 16;
const mostJobs = 10_000;
/** Runs that are changed at the same time. */
const changesAtOnce = 8;

/**
 * Gives pending jobs to workers: chooses, writes the assignment, notifies the worker.
 *
 *   pending --> matched --> assigned (in the database) --> pushed ----> accepted
 *      ^                        |                            |--------> refused: taken back at once
 *      |                        '--> handed to a poll        '--------> unknown: taken back when its time is over
 *      '------------------------------------------------------------------'
 *
 * Any number of schedulers may work on one database: what one has assigned the others find assigned.
 */
export class JobScheduler {
  readonly #parts: SchedulingParts;
  readonly #neighbors: SchedulerNeighbors;
  readonly #wake = new Latch();
  readonly #fleet: Fleet;
  readonly #waiters: PollWaiters;
  readonly #reasons: WaitingReasons;
  readonly #pushes: JobPushes;
  readonly #background: Background;
  readonly #stop = new AbortController();
  /** A look is due for which it was too early. */
  #looksAgain = false;

  constructor(parts: SchedulingParts, neighbors: SchedulerNeighbors) {
    const { stores, clock, leases } = parts;
    this.#parts = parts;
    this.#neighbors = neighbors;
    this.#background = new Background(parts.onError);
    this.#fleet = new Fleet(stores.workers, clock, neighbors.listening, aliveMs(leases));
    this.#waiters = new PollWaiters(clock, stores.wakeups, leases.heartbeatMs);
    this.#pushes = new JobPushes(parts, neighbors.backoff);
    this.#reasons = new WaitingReasons(parts);
    parts.services.changes.onRelease((workerId) => this.#fleet.freed(workerId));
  }

  /** A worker has registered or changed. */
  workerChanged(): void {
    this.#fleet.forget();
    this.wake();
  }

  /** Schedules again soon: something may have changed. */
  wake(): void {
    this.#wake.set();
  }

  /** Schedules until the signal aborts; resolves when nothing is under way any more. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, stores, onError } = this.#parts;
    const unlisten = stores.wakeups.listen('jobs-pending', () => this.wake());
    this.wake();
    while (!signal.aborted) {
      await this.#wake.opened(safetyLook, clock, signal);
      if (signal.aborted) break;
      try {
        await this.schedule();
        await this.#reasons.refresh(this.#fleet);
      } catch (error) {
        onError(error);
        // A pause, so that a database that is unreachable is not queried in a loop.
        await clock.sleep(safetyLook / 2, signal).catch(() => {});
      }
    }
    unlisten();
    this.#stop.abort();
    this.#waiters.close();
    await this.settled();
  }

  /** Resolves when all jobs given so far have been sent, and taken back where they were refused. */
  async settled(): Promise<void> {
    await this.#background.settled();
  }

  /** Gives what can be given now. Resolves before the workers have answered. */
  async schedule(): Promise<void> {
    if (await this.#giveTo(await this.#fleet.members(rememberFor))) return;
    const pause = this.#fleet.askAgainIn;
    if (pause === 0) await this.#giveTo(await this.#fleet.members(0));
    else if (!this.#looksAgain) {
      this.#looksAgain = true;
      this.#wakeAfter(pause, () => {
        this.#looksAgain = false;
      });
    }
  }

  /** Gives jobs to these workers; false when there was no place for some. */
  async #giveTo(fleet: ReadonlyMap<string, FleetMember>): Promise<boolean> {
    const { executions } = this.#parts.stores;
    // Jobs that no free worker can take are left out of the next search: however many they are, those behind them are found.
    const hopeless = { tags: new Set<string>(), executions: new Set<string>() };
    let places = this.#places(fleet);
    let limit = Math.max(fewestJobs, 2 * freeIn(places));
    while (freeIn(places) > 0) {
      const { reserved } = this.#fleet;
      const pending = await executions.pendingJobs(limit, {
        tags: Array.from(hopeless.tags, (set) => JSON.parse(set) as string[]),
        // Those of a reserved run go to its worker whatever their labels.
        anyTags: [...reserved.keys()],
        executions: [...hopeless.executions],
      });
      const { matches, hopeless: found } = matchJobs(pending, places, reserved);
      await this.#give(matches, fleet);
      if (pending.length < limit) {
        return matches.length === pending.length && hopeless.tags.size + hopeless.executions.size === 0;
      }
      for (const set of found.tags) hopeless.tags.add(set);
      for (const id of found.executions) hopeless.executions.add(id);
      if (matches.length === 0) limit = Math.min(limit * 4, mostJobs);
      places = takenFrom(places, matches);
    }
    return false;
  }

  /** A worker is to come with a heartbeat: answers its poll, if it has one, here or elsewhere. */
  nudge(workerId: string): void {
    this.#waiters.nudge(workerId);
  }

  /**
   * The long poll: jobs for a worker as soon as there are some, an empty list when the time is over or a heartbeat is
   * wanted. Counts as a sign of life.
   */
  async takeJobsFor(poll: Checked<typeof pollSchema>, signal: AbortSignal): Promise<Result<PollAnswer, Problem>> {
    const { workerId, instanceId, freeSlots, waitSeconds } = poll;
    const alive = await this.#neighbors.registry.seen(workerId, instanceId);
    if (!alive.ok) return alive;
    const jobs = this.#waiters.wait(
      workerId,
      freeSlots,
      waitSeconds * 1000,
      AbortSignal.any([signal, this.#stop.signal]),
    );
    if (freeSlots > 0) this.wake();
    const { jobs: taken, heartbeat } = await jobs;
    if (!signal.aborted) return success({ jobs: taken.map(({ request }) => request), heartbeat });
    // The worker has closed the connection: nothing of this was sent.
    await Promise.all(taken.map((job) => this.#takeBack(job)));
    return success({ jobs: [], heartbeat: false });
  }

  #places(fleet: ReadonlyMap<string, FleetMember>): Place[] {
    const { backoff } = this.#neighbors;
    const now = this.#parts.clock.now();
    const places: Place[] = [];
    for (const { worker, labels, busy } of fleet.values()) {
      const { id: workerId, slots, url } = worker;
      if (worker.draining || backoff.isResting(workerId, now)) continue;
      const reachable = (url === null ? this.#waiters : this.#pushes).freeOf(workerId);
      const free = Math.min(slots - busy, reachable);
      if (free > 0) places.push({ workerId, labels, slots, free, isSuspect: backoff.isSuspect(workerId) });
    }
    return places;
  }

  async #give(matches: readonly Match[], fleet: ReadonlyMap<string, FleetMember>): Promise<void> {
    const { services, request, leases, onError } = this.#parts;
    const around = { ...request, acceptMs: leases.acceptMs };
    const byExecution = [...Map.groupBy(matches, ({ job }) => job.executionId)];
    const next = async (): Promise<void> => {
      for (let one = byExecution.shift(); one !== undefined; one = byExecution.shift()) {
        const [executionId, chosen] = one;
        const choices = chosen.flatMap(({ job, workerId }) => {
          const worker = fleet.get(workerId)?.worker;
          return worker === undefined ? [] : [{ jobId: job.jobId, worker }];
        });
        try {
          const changed = await services.changes.change(executionId, (draft) => assignJobs(draft, choices, around));
          for (const job of changed?.result ?? []) this.#hand(job, fleet.get(job.assignment.workerId)?.worker);
        } catch (error) {
          // One run that cannot be changed must not hold up the others.
          onError(error);
        }
      }
    };
    await Promise.all(Array.from({ length: changesAtOnce }, next));
    this.#waiters.flush();
  }

  #hand(job: AssignedJob, worker: WorkerRecord | undefined): void {
    this.#fleet.took(job.assignment.workerId);
    if (worker?.url === null) {
      if (!this.#waiters.add(job)) this.#background.run(this.#takeBack(job));
    } else if (worker !== undefined) this.#background.run(this.#push(job, worker));
  }

  async #push(job: AssignedJob, worker: WorkerRecord): Promise<void> {
    const outcome = await this.#pushes.push(job.request, worker, this.#stop.signal);
    switch (outcome.kind) {
      case 'accepted':
        if (outcome.hadNoRoom) this.wake();
        return;
      case 'refused':
        // Mostly a slot that is about to come free, or that another backend has taken.
        this.#fleet.forget();
        this.#wakeAfter(outcome.restMs);
        await this.#takeBack(job);
        return;
      case 'invalid':
        await this.#reject(job, outcome.reason);
        return;
      case 'unknown':
    }
  }

  /** No worker can read the request: the job fails instead of being offered for ever. */
  async #reject({ executionId, assignment }: AssignedJob, message: string): Promise<void> {
    const { jobId } = assignment;
    await this.#parts.services.changes.change(executionId, (draft) => {
      const current = draft.assignments.get(jobId);
      if (current === undefined || !isSame(current, assignment) || draft.job(jobId).status !== 'PENDING') return;
      concludeAttempt(draft, jobId, failedOutcome('config_error', message));
    });
  }

  /** The worker certainly does not have it: the number of the attempt is free again. */
  async #takeBack({ executionId, assignment }: AssignedJob): Promise<void> {
    const { jobId } = assignment;
    await this.#parts.services.changes.change(executionId, (draft) => {
      const current = draft.assignments.get(jobId);
      if (current === undefined || !isSame(current, assignment)) return;
      if (draft.job(jobId).status === 'PENDING') draft.unassign(jobId);
    });
  }

  #wakeAfter(ms: number, before: () => void = () => {}): void {
    this.#parts.clock.sleep(ms, this.#stop.signal).then(
      () => {
        before();
        this.wake();
      },
      () => {},
    );
  }
}

const freeIn = (places: readonly Place[]): number => places.reduce((sum, { free }) => sum + free, 0);

/** The places that are left when some jobs have been given. */
function takenFrom(places: readonly Place[], matches: readonly Match[]): Place[] {
  const taken = new Map<string, number>();
  for (const { workerId } of matches) taken.set(workerId, (taken.get(workerId) ?? 0) + 1);
  return places.flatMap((place) => {
    const free = place.free - (taken.get(place.workerId) ?? 0);
    return free > 0 ? [{ ...place, free }] : [];
  });
}
