import type { ContainerSpec, JobContainer, JobExecutor, PrepareObserver } from '../../execution/index.ts';
import type { Patience } from '../delivery/Patience.ts';
import { SourceUnavailable } from './SourceUnavailable.ts';
import type { TreeCache, TreeLease } from './TreeCache.ts';

/** An executor whose containers' trees are fetched before they are made, and kept as long as they live. */
export class CachedTreesExecutor implements JobExecutor {
  readonly #inner: JobExecutor;
  readonly #trees: TreeCache;
  readonly #patience: Patience;

  constructor(inner: JobExecutor, trees: TreeCache, patience: Patience) {
    this.#inner = inner;
    this.#trees = trees;
    this.#patience = patience;
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
    const container = await this.#inner.adopt?.(spec);
    if (container == null) return null;
    return withLease(container, spec.source.kind === 'tree' ? this.#trees.hold(spec.source.key) : null);
  }

  async removeUnadopted(): Promise<void> {
    await this.#inner.removeUnadopted?.();
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  /** What the backend's absence causes is waited out; what git or an archive says is final. */
  async #fetch(key: string, signal: AbortSignal): Promise<TreeLease> {
    const fetched = await this.#patience.call(async () => {
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

/** The same container; its tree may go when it has gone. */
function withLease(container: JobContainer, lease: TreeLease | null): JobContainer {
  if (lease === null) return container;
  return {
    putFiles: (tar) => container.putFiles(tar),
    run: (script, output) => container.run(script, output),
    interrupt: (force) => container.interrupt(force),
    ...(container.pause === undefined ? {} : { pause: () => container.pause?.() ?? Promise.resolve() }),
    ...(container.unpause === undefined ? {} : { unpause: () => container.unpause?.() ?? Promise.resolve() }),
    getFiles: (path) => container.getFiles(path),
    listFiles: (under) => container.listFiles(under),
    remove: async () => {
      await container.remove();
      lease.release();
    },
  };
}
