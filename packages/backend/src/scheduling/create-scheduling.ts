import type { CancelNotice } from '../execution/execution-parts.ts';
import { Backoff } from './Backoff.ts';
import { JobScheduler } from './JobScheduler.ts';
import { ListeningTime } from './ListeningTime.ts';
import { sweepLeases } from './lease-sweeper.ts';
import type { SchedulingParts } from './scheduling-parts.ts';
import { tellCancels } from './tell-cancels.ts';
import { WorkerRegistry } from './WorkerRegistry.ts';
import { watchExecutions } from './watch-executions.ts';

/** Gives jobs to workers and takes them back. */
export interface Scheduling {
  readonly registry: WorkerRegistry;
  readonly scheduler: JobScheduler;
  /** Tells workers, at once and without promise, that attempts are to end. */
  tellCancel(cancels: readonly CancelNotice[]): void;
  /** One look for leases that have run out. */
  sweep(): Promise<void>;
  /** Runs scheduler, lease sweeper and watchdog until the signal aborts; resolves when they have stopped. */
  run(signal: AbortSignal): Promise<void>;
}

const sweepPause = 1000;
const watchPause = 60_000;
const forgetPause = 3_600_000;
/** A worker without a heartbeat for this long, and without jobs, is deleted. */
const forgetAfter = 7 * 24 * 3_600_000;

/** Composes scheduling. */
export function createScheduling(parts: SchedulingParts): Scheduling {
  const { stores, services, clock, client, leases, onError } = parts;
  const { workers } = stores;
  const backoff = new Backoff();
  const listening = new ListeningTime(clock);
  const registry = new WorkerRegistry(parts, { backoff, listening, onChange: () => scheduler.workerChanged() });
  const scheduler = new JobScheduler(parts, { registry, backoff, listening });
  const sweep = async () => {
    try {
      await sweepLeases(
        { store: stores.executions, changes: services.changes, leases },
        clock.now(),
        listening.elapsed(),
      );
    } catch (error) {
      // A worker whose heartbeat could not be written must not count as silent.
      listening.interrupted();
      throw error;
    }
  };
  return {
    registry,
    scheduler,
    sweep,
    tellCancel: (cancels) => {
      const nudge = (workerId: string) => scheduler.nudge(workerId);
      tellCancels(cancels, { workers, client, clock, secrets: parts.request.secrets, nudge }).catch(onError);
    },
    run: async (signal) => {
      const every = async (pause: number, task: () => Promise<unknown>) => {
        while (!signal.aborted) {
          await task().catch(onError);
          await clock.sleep(pause, signal).catch(() => {});
        }
      };
      await Promise.all([
        scheduler.run(signal),
        every(sweepPause, sweep),
        every(watchPause, () => watchExecutions(stores.executions, services, signal)),
        every(forgetPause, () => workers.forget(clock.now() - forgetAfter)),
      ]);
      client.close();
    },
  };
}
