import type { ExecutionStatus, TokenRole } from '@xx-pipeline/common';
import type { Generated } from 'kysely';

/** 0 or 1: SQLite has no booleans. */
type Flag = 0 | 1;

/** One row per run. */
export interface ExecutionTable {
  id: string;
  /** Grows with every change of the execution, its jobs or assignments. */
  version: number;
  repository: string;
  pipeline: string;
  run_number: number;
  idempotency_key: string | null;
  status: ExecutionStatus;
  created_at: number;
  /** JSON: the record without jobs. */
  record: string;
}

/** The part of a run that never changes. */
export interface DefinitionTable {
  execution_id: string;
  plan_id: string;
  /** JSON: the definition without plan. */
  body: string;
}

/** Plans by content; runs of an unchanged pipeline share one. */
export interface PlanTable {
  id: string;
  /** JSON, compressed with zstd. */
  body: Uint8Array;
  /** Length of the JSON. */
  size: number;
}

/** One row per job, with its assignment while it has one. */
export interface JobTable {
  id: string;
  execution_id: string;
  position: number;
  repository: string;
  /** JSON: labels a worker must have. */
  tags: string;
  status: ExecutionStatus;
  /** When its turn came, or the time of a delayed job; 0 before. */
  eligible_at: number;
  /** JSON: the record. */
  record: string;
  worker_id: string | null;
  attempt: number | null;
  token_hash: string | null;
  accepted: Flag;
  lease_until: number | null;
  cancel_requested: Flag;
}

/** The type of a column in PostgreSQL. */
export type ColumnType = 'text' | 'bigint';

/** The columns of a job that a change writes. The statements of both databases are made of this list. */
export const changingJobColumns = {
  status: 'text',
  eligible_at: 'bigint',
  record: 'text',
  worker_id: 'text',
  attempt: 'bigint',
  token_hash: 'text',
  accepted: 'bigint',
  lease_until: 'bigint',
  cancel_requested: 'bigint',
} as const satisfies Readonly<
  Record<Exclude<keyof JobTable, 'id' | 'execution_id' | 'position' | 'repository' | 'tags'>, ColumnType>
>;

/** Events of runs, in order. */
interface EventTable {
  id: Generated<number>;
  execution_id: string;
  type: 'job-changed' | 'execution-changed' | 'finished';
  /** JSON. */
  data: string;
  at: number;
}

/** The last run number of each pipeline. */
interface RunCounterTable {
  repository: string;
  pipeline: string;
  last: number;
}

/** Registered workers. */
export interface WorkerTable {
  id: string;
  instance_id: string;
  name: string;
  url: string | null;
  push_token: string | null;
  slots: number;
  /** JSON. */
  labels: string;
  version: string;
  draining: Flag;
  last_seen_at: number;
}

/** Runs that one worker has to itself. */
interface ReservationTable {
  execution_id: string;
  worker_id: string;
}

/** Long-lived tokens. */
interface TokenTable {
  hash: string;
  role: TokenRole;
  name: string;
  created_at: number;
}

/** All tables both databases have. */
export interface Tables {
  executions: ExecutionTable;
  definitions: DefinitionTable;
  plans: PlanTable;
  jobs: JobTable;
  events: EventTable;
  run_counters: RunCounterTable;
  workers: WorkerTable;
  reservations: ReservationTable;
  tokens: TokenTable;
}
