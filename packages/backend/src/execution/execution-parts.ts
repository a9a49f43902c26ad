import type { Clock, IdSource } from '@xx-pipeline/common';
import type { Wakeups } from '../events/Wakeups.ts';
import type { LeaseTimes } from '../leases.ts';
import type { LogStore } from '../logs/LogStore.ts';
import type { SecretBox } from '../secrets/SecretBox.ts';
import type { SnapshotStore } from '../sources/SnapshotStore.ts';
import type { ExecutionStore } from '../store/ExecutionStore.ts';

/** The facts of an installation that jobs can see. */
export interface ServerFacts {
  /** The address under which people reach the server; null = the variables that name it stay unset. */
  readonly publicUrl: string | null;
  readonly version: string;
}

/** The stores that executions are in. */
interface ExecutionStores {
  readonly executions: ExecutionStore;
  readonly logs: LogStore;
  readonly snapshots: Pick<SnapshotStore, 'isComplete'>;
}

/** The parts of the services of executions. */
export interface ExecutionParts {
  readonly stores: ExecutionStores;
  readonly secrets: SecretBox;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly server: ServerFacts;
  readonly leases: LeaseTimes;
  readonly hints: ExecutionHints;
}

/** Messages to other parts about what has been written. They may get lost: never more than a hint. */
interface ExecutionHints {
  /** Notifies readers that follow the log of an attempt of its end. */
  readonly wakeups: Pick<Wakeups, 'notify'>;
  /** Asks workers to end attempts, at once and unreliably; the next heartbeat asks them too. */
  readonly tellCancel: (cancels: readonly CancelNotice[]) => void;
}

/** An attempt that its worker is to end. */
export interface CancelNotice {
  readonly workerId: string;
  readonly jobId: string;
  readonly attempt: number;
}
