import type { Clock } from '@xx-pipeline/common';
import type { backendRoutes } from '@xx-pipeline/common/api';
import type { Handlers, MetricsRegistry } from '@xx-pipeline/service';
import type { ArtifactStore } from '../artifacts/ArtifactStore.ts';
import type { Wakeups } from '../events/Wakeups.ts';
import type { ExecutionServices } from '../execution/create-execution-services.ts';
import type { LogStore } from '../logs/LogStore.ts';
import type { BackendMetrics } from '../metrics/BackendMetrics.ts';
import type { Scheduling } from '../scheduling/create-scheduling.ts';
import type { SnapshotStore } from '../sources/SnapshotStore.ts';
import type { ExecutionStore } from '../store/ExecutionStore.ts';

/** What the handlers pass calls on to. */
export interface HttpParts {
  readonly services: ExecutionServices;
  readonly scheduling: Pick<Scheduling, 'registry' | 'scheduler'>;
  readonly executions: ExecutionStore;
  readonly logs: LogStore;
  readonly artifacts: ArtifactStore;
  readonly snapshots: SnapshotStore;
  readonly wakeups: Wakeups;
  readonly clock: Clock;
  readonly version: string;
  readonly registry: MetricsRegistry;
  readonly metrics: BackendMetrics;
  /** What is needed to serve, each with `ok` or what is wrong. */
  readonly checkReadiness: () => Promise<Readonly<Record<string, string>>>;
}

type All = Handlers<typeof backendRoutes>;

/** Some of the backend's handlers. */
export type HandlersOf<Names extends keyof All> = Pick<All, Names>;
