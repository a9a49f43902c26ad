/** A registered worker. */
export interface WorkerRecord {
  readonly id: string;
  /** The process that speaks for it now. */
  readonly instanceId: string;
  readonly name: string;
  /** Where jobs are pushed to; null = it polls. */
  readonly url: string | null;
  /** What it wants to be shown there, encrypted; null = nothing. */
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
  /** Gives a run to one worker alone; whoever had it before has it no more. */
  reserve(executionId: string, workerId: string): Promise<void>;
  /** The runs that workers have to themselves. That of a run that is over is forgotten: a retry of it is anybody's. */
  reservations(): Promise<{ executionId: string; workerId: string }[]>;
  /** Forgets workers not heard of since `before` that hold nothing. */
  forget(before: number): Promise<void>;
}
