import type { JobRequest, JobStatusUpdate } from '@xx-pipeline/common';

/** An attempt in a worker's hands. */
export interface HeldAttempt {
  readonly request: JobRequest;
  readonly attempt: number;
  readonly token: string;
  /** What is still to be told, in order. */
  readonly outbox: JobStatusUpdate[];
  state: 'taken' | 'running' | 'finished';
  cancelAsked: boolean;
}

/** A worker as the contract has it: takes each attempt once, tells in order, drops what is no longer its own. */
export class SimulatedWorker {
  readonly workerId: string;
  readonly slots: number;
  readonly polls: boolean;
  instanceId: string;
  held = new Map<string, HeldAttempt>();
  /** The newest attempt known of each job, also of those that are over. */
  readonly newest = new Map<string, number>();

  constructor(workerId: string, instanceId: string, { slots, polls }: { slots: number; polls: boolean }) {
    this.workerId = workerId;
    this.instanceId = instanceId;
    this.slots = slots;
    this.polls = polls;
  }

  get free(): number {
    return this.slots - this.held.size;
  }

  take(request: JobRequest): 'accepted' | 'known' | 'stale' | 'full' {
    const { jobId, attempt, token = '' } = request;
    const newest = this.newest.get(jobId) ?? 0;
    if (attempt === newest) return 'known';
    if (attempt < newest) return 'stale';
    if (this.free <= 0 && !this.held.has(jobId)) return 'full';
    this.newest.set(jobId, attempt);
    this.held.set(jobId, { request, attempt, token, outbox: [], state: 'taken', cancelAsked: false });
    return 'accepted';
  }

  start(held: HeldAttempt): void {
    held.state = 'running';
    held.outbox.push(this.#update(held, { status: 'RUNNING' }));
  }

  finish(held: HeldAttempt, update: Pick<JobStatusUpdate, 'status' | 'failureReason' | 'exitCode'>): void {
    held.state = 'finished';
    held.outbox.push(this.#update(held, update));
  }

  drop(jobId: string, attempt: number): void {
    if (this.held.get(jobId)?.attempt === attempt) this.held.delete(jobId);
  }

  #update(held: HeldAttempt, update: Omit<JobStatusUpdate, 'jobId'>): JobStatusUpdate {
    return { jobId: held.request.jobId, attempt: held.attempt, token: held.token, ...update };
  }
}
