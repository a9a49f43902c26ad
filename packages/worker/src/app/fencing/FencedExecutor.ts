import { orAborted } from '@xx-pipeline/common';
import type {
  ContainerGuard,
  ContainerSpec,
  ExecutorHealth,
  ExecutorTraits,
  JobContainer,
  JobExecutor,
  PrepareObserver,
} from '../../execution/index.ts';
import type { Fence, Fenced } from './Fence.ts';
import { FencedContainer } from './FencedContainer.ts';
import type { FencedJobs } from './FencedJobs.ts';

/** Parts of a `FencedExecutor`. */
export interface FencedExecutorParts {
  readonly executor: JobExecutor;
  readonly fence: Fence;
  readonly jobs: FencedJobs;
  /** null: containers end with this process. */
  readonly guard: ContainerGuard | null;
}

/** An executor whose containers do nothing while the fence is closed: none is made, no script begins, running ones are paused. */
export class FencedExecutor implements JobExecutor, Fenced {
  readonly #parts: FencedExecutorParts;
  readonly #containers = new Set<FencedContainer>();

  constructor(parts: FencedExecutorParts) {
    this.#parts = parts;
    parts.fence.guard(this);
  }

  get traits(): ExecutorTraits {
    return this.#parts.executor.traits;
  }

  health(): Promise<ExecutorHealth> {
    return this.#parts.executor.health();
  }

  sweep(): Promise<void> {
    return this.#parts.executor.sweep();
  }

  get size(): number {
    return this.#containers.size;
  }

  async prepare(spec: ContainerSpec, observer: PrepareObserver, signal: AbortSignal): Promise<JobContainer> {
    const { executor, fence, guard } = this.#parts;
    if (!fence.isOpen) await orAborted(fence.opened(), signal);
    guard?.ensure();
    const container = this.#fenced(spec, await executor.prepare(spec, observer, signal));
    // A pull may have taken longer than a guard waits for its first container.
    guard?.ensure();
    return container;
  }

  async adopt(spec: ContainerSpec): Promise<JobContainer | null> {
    const { executor, fence, guard } = this.#parts;
    await fence.opened();
    guard?.ensure();
    const container = await executor.adopt(spec);
    return container === null ? null : this.#fenced(spec, container);
  }

  async removeUnadopted(): Promise<void> {
    await this.#parts.executor.removeUnadopted();
  }

  close(): Promise<void> {
    return this.#parts.executor.close();
  }

  suspect(): void {
    for (const container of this.#containers) container.suspect();
  }

  async freeze(): Promise<void> {
    await Promise.all([...this.#containers].map((container) => container.freeze()));
  }

  async thaw(isOurs: (jobId: string, attempt: number) => boolean, frozenMs: number): Promise<void> {
    const ours = [...this.#containers].filter(({ spec }) => isOurs(spec.jobId, spec.attempt));
    await Promise.all(ours.map((container) => container.thaw(frozenMs)));
  }

  #fenced(spec: ContainerSpec, inner: JobContainer): FencedContainer {
    const { fence, jobs } = this.#parts;
    const container = new FencedContainer({
      spec,
      inner,
      canPause: this.traits.canPause,
      fence,
      jobs,
      removed: () => this.#containers.delete(container),
    });
    this.#containers.add(container);
    // It may have closed while the container was made.
    if (!fence.isOpen) void container.freeze();
    return container;
  }
}
