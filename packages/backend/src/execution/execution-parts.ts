import type { Clock, IdSource } from '@xx-pipeline/common';
import type { Wakeups } from '../events/Wakeups.ts';
import type { LogStore } from '../logs/LogStore.ts';
import type { SecretBox } from '../secrets/SecretBox.ts';
import type { SnapshotStore } from '../sources/SnapshotStore.ts';
import type { ExecutionStore } from '../store/ExecutionStore.ts';

/** What an installation says about itself. */
export interface ServerFacts {
  /** Where people reach the server; null = the variables that name it stay unset. */
  readonly publicUrl: string | null;
  readonly version: string;
}

/** What the services of executions are made of. */
export interface ExecutionParts {
  readonly store: ExecutionStore;
  readonly logs: LogStore;
  readonly snapshots: Pick<SnapshotStore, 'isComplete'>;
  readonly secrets: SecretBox;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly server: ServerFacts;
  /** Whoever follows the log of an attempt hears that it has ended. */
  readonly wakeups: Pick<Wakeups, 'notify'>;
  /** Tells workers, at once and without promise, that an attempt is to end; the heartbeat tells them too. */
  readonly tellCancel: (cancels: readonly CancelNotice[]) => void;
}

/** An attempt whose worker has to hear that it is to end. */
export interface CancelNotice {
  readonly workerId: string;
  readonly jobId: string;
  readonly attempt: number;
}
