import type { Clock } from '@xx-pipeline/common';
import type { ExecutionChanges } from '../execution/ExecutionChanges.ts';
import type { ExecutionStore, PendingJob } from '../store/ExecutionStore.ts';
import { explainReserved, explainWaiting, type OnlineWorker } from './explain-waiting.ts';
import type { Fleet } from './Fleet.ts';
import type { SchedulingParts } from './scheduling-parts.ts';

const pause = 2000;
/** A job that has only just begun to wait needs no explanation. */
const unexplainedMs = 1500;
/** Jobs that get a reason; those behind them wait for them. */
const explainedJobs = 200;

/** Writes into the records of waiting jobs why they wait: now and then, and only what is new. */
export class WaitingReasons {
  readonly #store: ExecutionStore;
  readonly #changes: ExecutionChanges;
  readonly #clock: Clock;
  /** The reasons that were written last, by job. */
  #written = new Map<string, string>();
  #lastLook = Number.NEGATIVE_INFINITY;

  constructor({ stores, services, clock }: Pick<SchedulingParts, 'stores' | 'services' | 'clock'>) {
    this.#store = stores.executions;
    this.#changes = services.changes;
    this.#clock = clock;
  }

  async refresh(fleet: Fleet): Promise<void> {
    const now = this.#clock.now();
    if (now - this.#lastLook < pause) return;
    this.#lastLook = now;
    const pending = await this.#store.pendingJobs(explainedJobs);
    const waiting = pending.filter(({ eligibleAt }) => now - eligibleAt >= unexplainedMs);
    if (waiting.length === 0) this.#written.clear();
    if (waiting.length === 0) return;
    const members = await fleet.members(0);
    const online = Array.from(members.values(), ({ worker: { slots, draining }, labels, busy }): OnlineWorker => {
      return { slots, labels, draining, busy };
    });
    const written = new Map<string, string>();
    const news: { job: PendingJob; reason: string }[] = [];
    for (const job of waiting) {
      const owner = members.get(fleet.reserved.get(job.executionId) ?? '');
      const reason =
        owner === undefined ? explainWaiting(job.tags, online) : explainReserved({ ...owner.worker, busy: owner.busy });
      if (reason === null) continue;
      written.set(job.jobId, reason);
      if (this.#written.get(job.jobId) !== reason) news.push({ job, reason });
    }
    this.#written = written;
    for (const [executionId, jobs] of Map.groupBy(news, ({ job }) => job.executionId)) {
      await this.#changes.change(executionId, (draft) => {
        for (const { job, reason } of jobs) {
          const record = draft.job(job.jobId);
          const isWaiting = record.status === 'PENDING' && !draft.assignments.has(record.id);
          if (!isWaiting || record.waitingReason === reason) continue;
          draft.record.note(record.id, draft.at, (noted) => ({ ...noted, waitingReason: reason }));
        }
      });
    }
  }
}
