/** Until when containers may run without a process that renews it. Times in milliseconds since the machine's boot. */
export interface ContainerLease {
  /** From this time on containers must be paused. */
  readonly pauseAt: number;
  /** Length of such a term, counted from a renewal. */
  readonly termMs: number;
  /** No lease runs out while connections to this address are refused; null: leases run out in any case. */
  readonly only: { readonly host: string; readonly port: number } | null;
  /** Jobs without a lease, which only this worker can have: they are not paused. */
  readonly spared: readonly string[];
}

/**
 * Pauses the containers of a process that cannot do it itself, because it was killed or stopped, when their lease ends.
 * Belongs to executors whose containers outlive the process.
 */
export interface ContainerGuard {
  /** A container is there or about to be made: guards from now on. Never throws. */
  ensure(): void;
  /** Records a new lease before anything resumes because of it. Never throws: without it, containers are paused too early. */
  renew(lease: ContainerLease): void;
  /** Ends the guard: there is nothing left to guard. */
  end(): void;
}
