/** The right of one job to a network sandbox, alone, when its turn has come. */
export interface SandboxLease<Container = unknown> {
  /** The container whose network the job joins. */
  readonly sandbox: Promise<Container>;
  /** Jobs that have the sandbox before this one and may still live. */
  readonly before: readonly SandboxLease<Container>[];
  /** Its container is being killed. */
  isEnding: boolean;
  /** Resolves when all of its processes are dead. */
  readonly dead: Promise<void>;
  /** To be called when they are, or when the lease was never used. */
  end(): void;
}

interface Sandbox<Container> {
  readonly container: Promise<Container>;
  /** Leases that have not ended, in the order in which they get the sandbox. */
  readonly leases: Map<SandboxLease<Container>, string>;
}

/** Makes and removes the containers that hold networks. */
export interface SandboxContainers<Container> {
  create(image: string): Promise<Container>;
  remove(container: Container): Promise<void>;
}

/**
 * Networks that jobs use one after the other, each held by a small container that waits on its input. Making a network
 * is more than half of a container's start, so jobs that are certain to follow one another share one. Never two at
 * once: a job gets a sandbox only if all that hold a lease on it have ended, or are certain to have when it runs.
 */
export class NetworkSandboxes<Container> {
  readonly #containers: SandboxContainers<Container>;
  readonly #sandboxes = new Set<Sandbox<Container>>();

  constructor(containers: SandboxContainers<Container>) {
    this.#containers = containers;
  }

  /** A sandbox for a job: one that is free for it, else a new one (held by a container of `image`). */
  lease(jobId: string, runsAfter: ReadonlySet<string>, image: string): SandboxLease<Container> {
    let sandbox = this.#free(runsAfter);
    if (sandbox === null) {
      sandbox = { container: this.#containers.create(image), leases: new Map() };
      const made = sandbox;
      made.container.catch(() => this.#sandboxes.delete(made));
      this.#sandboxes.add(sandbox);
    }
    return addLease(sandbox, jobId);
  }

  /** A sandbox that nobody has a lease on; null when there is none. */
  leaseIdle(jobId: string): SandboxLease<Container> | null {
    const idle = this.#sandboxes.values().find(({ leases }) => leases.size === 0);
    return idle === undefined ? null : addLease(idle, jobId);
  }

  /** A sandbox does not work: nobody gets it any more. */
  async forget(lease: SandboxLease<Container>): Promise<void> {
    for (const sandbox of this.#sandboxes) {
      if (sandbox.container !== lease.sandbox) continue;
      this.#sandboxes.delete(sandbox);
      await sandbox.container.then((container) => this.#containers.remove(container)).catch(() => {});
    }
  }

  /** Removes all sandboxes. No call may follow. */
  async close(): Promise<void> {
    const all = [...this.#sandboxes];
    this.#sandboxes.clear();
    await Promise.allSettled(all.map(async (sandbox) => this.#containers.remove(await sandbox.container)));
  }

  #free(runsAfter: ReadonlySet<string>): Sandbox<Container> | null {
    let best: Sandbox<Container> | null = null;
    for (const sandbox of this.#sandboxes) {
      if (![...sandbox.leases.values()].every((job) => runsAfter.has(job))) continue;
      if (best === null || sandbox.leases.size < best.leases.size) best = sandbox;
    }
    return best;
  }
}

function addLease<Container>(sandbox: Sandbox<Container>, jobId: string): SandboxLease<Container> {
  const { promise: dead, resolve } = Promise.withResolvers<void>();
  const lease: SandboxLease<Container> = {
    sandbox: sandbox.container,
    before: [...sandbox.leases.keys()],
    isEnding: false,
    dead,
    end: () => {
      sandbox.leases.delete(lease);
      resolve();
    },
  };
  sandbox.leases.set(lease, jobId);
  return lease;
}
