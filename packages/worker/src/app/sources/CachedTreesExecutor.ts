import type { RetryPolicy } from '@xx-pipeline/service/http';
import type {
  ContainerSpec,
  ExecutorHealth,
  ExecutorTraits,
  JobContainer,
  JobExecutor,
  PrepareObserver,
} from '../../execution/index.ts';
import { SourceUnavailable } from './SourceUnavailable.ts';
import type { TreeCache, TreeLease } from './TreeCache.ts';

/** Fetches the trees of containers onto this disk before these are made, for an executor that does not bring its own, and keeps them meanwhile. */
export class CachedTreesExecutor implements JobExecutor {
  readonly #inner: JobExecutor;
  readonly #trees: TreeCache;
  readonly #retries: RetryPolicy;

  constructor(inner: JobExecutor, trees: TreeCache, retries: RetryPolicy) {
    this.#inner = inner;
    this.#trees = trees;
    this.#retries = retries;
  }

  get traits(): ExecutorTraits {
    return this.#inner.traits;
  }

  health(): Promise<ExecutorHealth> {
    return this.#inner.health();
  }

  sweep(): Promise<void> {
    return this.#inner.sweep();
  }

  async prepare(spec: ContainerSpec, observer: PrepareObserver, signal: AbortSignal): Promise<JobContainer> {
    const lease = spec.source.kind === 'tree' ? await this.#fetch(spec.source.key, signal) : null;
    try {
      return withLease(await this.#inner.prepare(spec, observer, signal), lease);
    } catch (error) {
      lease?.release();
      throw error;
    }
  }

  async adopt(spec: ContainerSpec): Promise<JobContainer | null> {
    const container = await this.#inner.adopt(spec);
    if (container === null) return null;
    return withLease(container, spec.source.kind === 'tree' ? this.#trees.hold(spec.source.key) : null);
  }

  async removeUnadopted(): Promise<void> {
    await this.#inner.removeUnadopted();
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  /** Retries while the backend is unreachable; an error of git or of an archive is final. */
  async #fetch(key: string, signal: AbortSignal): Promise<TreeLease> {
    const fetched = await this.#retries.call(async () => {
      try {
        return await this.#trees.lease(key, signal);
      } catch (error) {
        if (error instanceof SourceUnavailable) return error;
        throw error;
      }
    }, signal);
    if (fetched instanceof SourceUnavailable) throw fetched;
    return fetched;
  }
}

/** The same container; releases its tree when it is removed. */
function withLease(container: JobContainer, lease: TreeLease | null): JobContainer {
  if (lease === null) return container;
  return {
    putFiles: (tar) => container.putFiles(tar),
    run: (script, output) => container.run(script, output),
    interrupt: (force) => container.interrupt(force),
    pause: () => container.pause(),
    unpause: () => container.unpause(),
    getFiles: (path) => container.getFiles(path),
    listFiles: (under) => container.listFiles(under),
    remove: async () => {
      await container.remove();
      lease.release();
    },
  };
}
