import type { Clock } from '@xx-pipeline/common';
import type { ExecutionServices } from '../execution/create-execution-services.ts';
import type { ServerFacts } from '../execution/execution-parts.ts';
import type { LeaseTimes } from '../leases.ts';
import type { Stores } from '../open-stores.ts';
import type { SecretBox } from '../secrets/SecretBox.ts';
import type { WorkerClient } from './WorkerClient.ts';

/** The parts of scheduling. */
export interface SchedulingParts {
  readonly stores: Pick<Stores, 'executions' | 'workers' | 'wakeups' | 'isShared'>;
  readonly services: ExecutionServices;
  /** Needed to make the request of an attempt. */
  readonly request: { readonly secrets: SecretBox; readonly server: ServerFacts };
  readonly clock: Clock;
  readonly leases: LeaseTimes;
  readonly client: WorkerClient;
  /** Gets failures of the machinery (an unreachable database); the loops go on. */
  readonly onError: (error: unknown) => void;
}
