import type { Clock } from '@xx-pipeline/common';
import type { Wakeups } from '../events/Wakeups.ts';
import type { ExecutionServices } from '../execution/create-execution-services.ts';
import type { CancelNotice, ServerFacts } from '../execution/execution-parts.ts';
import type { SecretBox } from '../secrets/SecretBox.ts';
import type { ExecutionStore } from '../store/ExecutionStore.ts';
import type { WorkerStore } from '../store/WorkerStore.ts';
import { Backoff } from './Backoff.ts';
import { HttpWorkerClient } from './HttpWorkerClient.ts';
import { JobScheduler } from './JobScheduler.ts';
import { sweepLeases } from './lease-sweeper.ts';
import { tellCancels } from './tell-cancels.ts';
import { Uptime } from './Uptime.ts';
import type { WorkerClient } from './WorkerClient.ts';
import { WorkerRegistry } from './WorkerRegistry.ts';
import { watchExecutions } from './watch-executions.ts';

/** What scheduling is made of. */
export interface SchedulingParts {
  readonly store: ExecutionStore;
  readonly workers: WorkerStore;
  readonly services: ExecutionServices;
  readonly secrets: SecretBox;
  readonly wakeups: Wakeups;
  readonly clock: Clock;
  readonly server: ServerFacts;
  /** No other backend has this database. Default: there may be others. */
  readonly onlyBackend?: boolean;
  /** Default: HTTP. */
  readonly client?: WorkerClient;
  /** Told about failures of the machinery (database away); the loops go on. */
  readonly onError: (error: unknown) => void;
}

/** What gives jobs to workers and takes them back. */
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
/** A worker not heard of for so long, and holding nothing, is gone. */
const forgetAfter = 7 * 24 * 3_600_000;

/** Composes scheduling. */
export function createScheduling(parts: SchedulingParts): Scheduling {
  const { store, workers, services, clock, onError } = parts;
  const client = parts.client ?? new HttpWorkerClient();
  const backoff = new Backoff();
  const uptime = new Uptime(clock);
  const registry = new WorkerRegistry({
    ...parts,
    jobs: services.jobs,
    backoff,
    uptime,
    onChange: () => scheduler.workerChanged(),
  });
  const scheduler = new JobScheduler({ ...parts, client, registry, backoff, uptime });
  const sweep = async () => {
    try {
      await sweepLeases({ store, changes: services.changes, jobs: services.jobs }, clock.now(), uptime.look());
    } catch (error) {
      // Whoever could not write a sign of life down must not count as silent.
      uptime.interrupted();
      throw error;
    }
  };
  return {
    registry,
    scheduler,
    sweep,
    tellCancel: (cancels) => {
      const nudge = (workerId: string) => scheduler.nudge(workerId);
      tellCancels(cancels, { workers, client, clock, secrets: parts.secrets, nudge }).catch(onError);
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
        every(watchPause, () => watchExecutions(store, services, signal)),
        every(forgetPause, () => workers.forget(clock.now() - forgetAfter)),
      ]);
      client.close();
    },
  };
}
