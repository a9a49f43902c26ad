/** A registered worker. */
export interface WorkerRecord {
  readonly id: string;
  /** The process that speaks for it now. */
  readonly instanceId: string;
  readonly name: string;
  /** The address that jobs are pushed to; null = it polls. */
  readonly url: string | null;
  /** The token that it expects there, encrypted; null = none. */
  readonly pushToken: string | null;
  readonly slots: number;
  readonly labels: readonly string[];
  readonly version: string;
  readonly draining: boolean;
  /** Server clock, ms. */
  readonly lastSeenAt: number;
}

/** Workers and when they were last heard of. */
export interface WorkerStore {
  /**
   * Writes a registration. Refused (false) when another instance of the same worker was heard of after `aliveSince`.
   */
  register(worker: WorkerRecord, aliveSince: number): Promise<boolean>;
  /** Notes a sign of life, to about two seconds; not of one that is not registered or for which another instance speaks. */
  seen(workerId: string, instanceId: string, at: number): Promise<'ok' | 'unknown' | 'other-instance'>;
  setDraining(workerId: string, draining: boolean): Promise<WorkerRecord | null>;
  /** All, with the number of jobs assigned to each. */
  list(): Promise<{ worker: WorkerRecord; busy: number }[]>;
  /** Reserves a run for one worker, replacing any earlier reservation. */
  reserve(executionId: string, workerId: string): Promise<void>;
  /** The reservations. Those of runs that have ended are deleted: a retry of a run is not reserved. */
  reservations(): Promise<{ executionId: string; workerId: string }[]>;
  /** Forgets workers not heard of since `before` that hold nothing. */
  forget(before: number): Promise<void>;
}
