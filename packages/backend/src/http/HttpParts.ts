import type { Clock } from '@xx-pipeline/common';
import type { backendRoutes } from '@xx-pipeline/common/api';
import type { Handlers, MetricsRegistry } from '@xx-pipeline/service';
import type { ExecutionServices } from '../execution/create-execution-services.ts';
import type { BackendMetrics } from '../metrics/BackendMetrics.ts';
import type { Stores } from '../open-stores.ts';
import type { Scheduling } from '../scheduling/create-scheduling.ts';

/** The parts that handlers pass calls on to. */
export interface HttpParts {
  readonly services: ExecutionServices;
  readonly scheduling: Pick<Scheduling, 'registry' | 'scheduler'>;
  readonly stores: Pick<Stores, 'executions' | 'logs' | 'artifacts' | 'snapshots' | 'wakeups'>;
  readonly clock: Clock;
  readonly metrics: BackendMetrics;
  readonly about: ServiceFacts;
}

/** The facts of a service about itself. */
export interface ServiceFacts {
  readonly version: string;
  readonly registry: MetricsRegistry;
  /** The states of everything that is needed to serve: `ok`, or what is wrong. */
  readonly checkReadiness: () => Promise<Readonly<Record<string, string>>>;
}

type All = Handlers<typeof backendRoutes>;

/** Some of the backend's handlers. */
export type HandlersOf<Names extends keyof All> = Pick<All, Names>;
