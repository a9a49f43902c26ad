import type { JobRequest } from '@xx-pipeline/common';
import type { WorkerRecord } from '../store/WorkerStore.ts';
import type { Backoff } from './Backoff.ts';
import type { SchedulingParts } from './scheduling-parts.ts';
import type { PushAnswer, WorkerAddress } from './WorkerClient.ts';
import { workerAddress } from './worker-address.ts';

/** Pushes to one worker under way at the same time. */
const pushesPerWorker = 16;
/** A worker that has not answered within this time may have the job nevertheless, ms. */
const pushTimeout = 10_000;
// A reason of our own: making the platform's takes longer than the rest of a push.
const hasAnswered = 'the worker has answered';

/** The result of a push. */
export type PushOutcome =
  /** `hadNoRoom`: the worker can now get more pushes, which it could not before. */
  | { readonly kind: 'accepted'; readonly hadNoRoom: boolean }
  /** The worker certainly does not have the job, and gets none for this long. */
  | { readonly kind: 'refused'; readonly restMs: number }
  /** No worker of its version would take the request; `reason` is for people. */
  | { readonly kind: 'invalid'; readonly reason: string }
  | { readonly kind: 'unknown' };

/** Sends jobs to workers that have an address, and remembers which of them fail. */
export class JobPushes {
  readonly #parts: Pick<SchedulingParts, 'client' | 'clock' | 'request'>;
  readonly #backoff: Backoff;
  /** Pushes under way, by worker. */
  readonly #open = new Map<string, number>();
  readonly #addresses = new WeakMap<WorkerRecord, WorkerAddress | null>();

  constructor(parts: Pick<SchedulingParts, 'client' | 'clock' | 'request'>, backoff: Backoff) {
    this.#parts = parts;
    this.#backoff = backoff;
  }

  /** The number of pushes that a worker can get now. */
  freeOf(workerId: string): number {
    return pushesPerWorker - (this.#open.get(workerId) ?? 0);
  }

  async push(request: JobRequest, worker: WorkerRecord, stop: AbortSignal): Promise<PushOutcome> {
    const backoff = this.#backoff;
    this.#count(worker.id, 1);
    const answer = await this.#send(request, worker, stop);
    const hadNoRoom = this.freeOf(worker.id) <= 0;
    this.#count(worker.id, -1);
    const now = this.#parts.clock.now();
    switch (answer.kind) {
      case 'accepted':
        backoff.succeeded(worker.id);
        return { kind: 'accepted', hadNoRoom };
      case 'refused':
        return { kind: 'refused', restMs: backoff.failed(worker.id, now, { first: 20, longest: 5000 }) };
      case 'invalid':
        // The fault is the request's, not the worker's: the worker gets its next job at once.
        backoff.succeeded(worker.id);
        return { kind: 'invalid', reason: `worker "${worker.name}" rejects the request of the job: ${answer.reason}` };
      case 'unknown':
        if (!stop.aborted) backoff.failed(worker.id, now, { first: 1000, longest: 15_000 });
        return { kind: 'unknown' };
    }
  }

  async #send(request: JobRequest, worker: WorkerRecord, stop: AbortSignal): Promise<PushAnswer> {
    const { client, clock } = this.#parts;
    const address = this.#addressOf(worker);
    if (address === null) return { kind: 'refused', reason: 'its token cannot be decrypted' };
    const timeout = new AbortController();
    const done = new AbortController();
    clock.sleep(pushTimeout, done.signal).then(
      () => timeout.abort(),
      () => {},
    );
    const answer = await client.notifyWorkerJobAssigned(address, request, AbortSignal.any([timeout.signal, stop]));
    done.abort(hasAnswered);
    return answer;
  }

  #addressOf(worker: WorkerRecord): WorkerAddress | null {
    let address = this.#addresses.get(worker);
    if (address === undefined) {
      address = workerAddress(worker, this.#parts.request.secrets);
      this.#addresses.set(worker, address);
    }
    return address;
  }

  #count(workerId: string, by: 1 | -1): void {
    const count = (this.#open.get(workerId) ?? 0) + by;
    if (count === 0) this.#open.delete(workerId);
    else this.#open.set(workerId, count);
  }
}
