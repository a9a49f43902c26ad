import type { Clock } from '@xx-pipeline/common';
import type { Wakeups } from '../events/Wakeups.ts';
import type { ExecutionServices } from '../execution/create-execution-services.ts';
import type { ServerFacts } from '../execution/execution-parts.ts';
import type { SecretBox } from '../secrets/SecretBox.ts';
import type { ExecutionStore } from '../store/ExecutionStore.ts';
import type { WorkerStore } from '../store/WorkerStore.ts';
import type { JobScheduler } from './JobScheduler.ts';
import type { WorkerClient } from './WorkerClient.ts';
import type { WorkerRegistry } from './WorkerRegistry.ts';

/** What scheduling is made of. */
export interface SchedulingParts {
  readonly store: ExecutionStore;
  readonly workers: WorkerStore;
  readonly services: ExecutionServices;
  readonly secrets: SecretBox;
  readonly wakeups: Wakeups;
  readonly client: WorkerClient;
  readonly clock: Clock;
  readonly server: ServerFacts;
  /** Told about failures of the machinery (database away); the loops go on. */
  readonly onError: (error: unknown) => void;
}

/** What gives jobs to workers and takes them back. */
export interface Scheduling {
  readonly registry: WorkerRegistry;
  readonly scheduler: JobScheduler;
  /** Runs scheduler, lease sweeper and watchdog until the signal aborts; resolves when they have stopped. */
  run(signal: AbortSignal): Promise<void>;
}

/** Composes scheduling. */
export declare function createScheduling(parts: SchedulingParts): Scheduling;
