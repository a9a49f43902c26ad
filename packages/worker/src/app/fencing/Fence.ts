import type { Clock } from '@xx-pipeline/common';
import type { ServiceLog } from '@xx-pipeline/service';

/** What stands behind a fence. */
export interface Fenced {
  /** How many there are. */
  readonly size: number;
  /** From now on somebody else may have stopped them. */
  suspect(): void;
  /** Stops all of them where they are. Never rejects; called again and again while the fence is closed. */
  freeze(): Promise<void>;
  /** Lets those go on that are still ours. Never rejects. */
  thaw(isOurs: (jobId: string, attempt: number) => boolean, frozenMs: number): Promise<void>;
}

/** A stretch of time for which everything that runs here is this worker's, and nobody else's. */
export interface Term {
  /** When a sign of life was sent that was heard, in machine time. */
  readonly since: number;
  /** How long a lease is. */
  readonly leaseMs: number;
  /** Nobody but the backend we speak to decides about leases: none runs out while nothing listens there. */
  readonly onlyBackend: boolean;
}

/** What a fence needs. */
export interface FenceParts {
  readonly clock: Clock;
  /** Milliseconds, never set back; those in which the machine slept count. */
  readonly machineTime: () => number;
  readonly log: ServiceLog;
  /** The term has moved: to be written down before anything goes on because of it. */
  readonly renewed: (term: Term) => void;
}

/** How often a closed fence looks for what is not frozen yet. */
const closedMs = 500;
/** Never longer: a machine that has slept wakes up with timers that know nothing of it. */
const openMs = 5000;

/** So long before a lease ends everything is to stop, so that it has stopped by then. */
export const marginOf = (leaseMs: number): number => Math.min(5000, leaseMs / 4);

/**
 * Keeps this worker's containers from doing anything when their attempts may be somebody else's by now:
 *
 *   closed --the backend has answered--> open --the lease is about to end--> closed
 *
 * Time is counted from the moment the last answered heartbeat was sent: the backend cannot have heard it earlier, so by
 * its own clock the lease ends later.
 */
export class Fence {
  readonly #parts: FenceParts;
  #fenced: Fenced | null = null;
  #term: Term | null = null;
  #since = Number.NEGATIVE_INFINITY;
  #until = Number.NEGATIVE_INFINITY;
  /** While it is closed: who waits for it. */
  #closed: PromiseWithResolvers<void> | null = Promise.withResolvers();
  #closedAt: number;
  #closedMs = 0;
  #look: (() => void) | null = null;

  constructor(parts: FenceParts) {
    this.#parts = parts;
    this.#closedAt = parts.machineTime();
  }

  /** What it is for. */
  guard(fenced: Fenced): void {
    this.#fenced = fenced;
  }

  get isOpen(): boolean {
    return this.#closed === null;
  }

  /** Milliseconds, in machine time. */
  now(): number {
    return this.#parts.machineTime();
  }

  /** Milliseconds in which it has been closed so far. */
  get closedMs(): number {
    return this.#closedMs + (this.isOpen ? 0 : this.now() - this.#closedAt);
  }

  /** Resolves when it is open. */
  async opened(): Promise<void> {
    while (this.#closed !== null) await this.#closed.promise;
  }

  /** Nothing is taken away from this worker for another lease, counted from `since`. */
  renew(term: Term): void {
    if (term.since <= this.#since) return;
    // It was time, and nobody here had the time to see it: the guardian has.
    if (this.isOpen && this.now() >= this.#until) this.#close();
    this.#since = term.since;
    this.#until = term.since + term.leaseMs - marginOf(term.leaseMs);
    this.#term = term;
    this.#parts.renewed(term);
  }

  /** What is written down with the term has changed. */
  noteAgain(): void {
    if (this.#term !== null) this.#parts.renewed(this.#term);
  }

  /** The backend has said what is ours: that may go on, unless the lease has ended since. */
  async open(isOurs: (jobId: string, attempt: number) => boolean): Promise<void> {
    if (this.now() >= this.#until) return;
    const closed = this.#closed;
    const frozenMs = closed === null ? 0 : this.now() - this.#closedAt;
    if (closed !== null) {
      this.#closedMs += frozenMs;
      this.#closed = null;
      closed.resolve();
      this.#look?.();
    }
    await this.#fenced?.thaw(isOurs, frozenMs);
  }

  /** Closes it whenever it is time, until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    while (!signal.aborted) {
      if (this.isOpen && this.now() >= this.#until) this.#close();
      if (!this.isOpen) await this.#fenced?.freeze();
      const look = new AbortController();
      this.#look = () => look.abort();
      const pause = this.isOpen ? Math.max(1, Math.min(openMs, this.#until - this.now())) : closedMs;
      await clock.sleep(pause, AbortSignal.any([signal, look.signal])).catch(() => {});
    }
  }

  #close(): void {
    this.#closed = Promise.withResolvers();
    this.#closedAt = this.now();
    this.#fenced?.suspect();
    const jobs = this.#fenced?.size ?? 0;
    const seconds = Math.round((this.#closedAt - this.#since) / 1000);
    this.#parts.log.warn(`no contact with the backend for ${seconds} s: jobs are paused until there is`, { jobs });
  }
}
