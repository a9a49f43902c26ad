import type { JobRequest } from '@xx-pipeline/common';

/** The address of a worker, and the token that it expects. */
export interface WorkerAddress {
  readonly url: string;
  readonly token: string | null;
}

/** The answer to a push. */
export type PushAnswer =
  /** The worker has it. */
  | { readonly kind: 'accepted' }
  /** The worker certainly does not have it; `reason` is for people. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** The worker does not have it and says that the request itself is wrong: every worker of its version would. */
  | { readonly kind: 'invalid'; readonly reason: string }
  /** The worker may have it: the answer got lost. */
  | { readonly kind: 'unknown'; readonly reason: string };

/** Speaks to workers: each call is one attempt, without policy. Never throws for what the network or a worker does. */
export interface WorkerClient {
  /** `POST /api/job/execute`. */
  notifyWorkerJobAssigned(worker: WorkerAddress, request: JobRequest, signal: AbortSignal): Promise<PushAnswer>;
  /** `POST /api/job/{jobId}/cancel`; true when the worker heard it. */
  cancelJob(
    worker: WorkerAddress,
    job: { readonly jobId: string; readonly attempt: number },
    signal: AbortSignal,
  ): Promise<boolean>;
  /** Lets go of connections. */
  close(): void;
}
