import { readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import type { Clock } from '@xx-pipeline/common';
import { type EngineAddress, showEngineAddress } from '../engine-address.ts';
import type { WorkspaceMethod } from './Workspace.ts';

type IsolatedMethod = Exclude<WorkspaceMethod, 'shared'>;

/** Milliseconds after which a way that failed is tried again. */
const retryAfter = 24 * 3600 * 1000;
const order: readonly IsolatedMethod[] = ['overlay', 'copy', 'upload'];

/**
 * Which ways of giving jobs their files an engine does not offer. Nothing is asked beforehand: the best way is tried
 * with the first job, and a failure is remembered in a file, so that later runs need not fail again.
 */
export class RememberedMethod {
  readonly #path: string;
  readonly #engine: string;
  readonly #isLocal: boolean;
  readonly #clock: Clock;
  #failed: Set<IsolatedMethod> | null = null;

  constructor(path: string, address: EngineAddress, clock: Clock) {
    this.#path = path;
    this.#engine = showEngineAddress(address);
    this.#isLocal = address.kind === 'unix';
    this.#clock = clock;
  }

  /** The ways to try, best first. */
  inOrder(): IsolatedMethod[] {
    // An engine elsewhere does not see this machine's files.
    if (!this.#isLocal) return ['upload'];
    this.#failed ??= this.#read();
    const failed = this.#failed;
    return order.filter((way) => !failed.has(way) || way === 'upload');
  }

  /** A way cannot be used with this engine; written down only when a later one has worked. */
  failed(way: WorkspaceMethod): void {
    if (way === 'shared') return;
    this.#failed ??= this.#read();
    this.#failed.add(way);
  }

  /** A way has been used. */
  worked(way: WorkspaceMethod): void {
    if (way === 'shared' || this.#failed === null || this.#failed.size === 0 || this.#failed.has(way)) return;
    void this.#write([...this.#failed]).catch(() => {});
  }

  #read(): Set<IsolatedMethod> {
    try {
      const kept = JSON.parse(readFileSync(this.#path, 'utf8')) as { engine?: unknown; failed?: unknown; at?: unknown };
      if (kept.engine !== this.#engine || !(Number(kept.at) > this.#clock.now() - retryAfter)) return new Set();
      return new Set(order.filter((way) => Array.isArray(kept.failed) && kept.failed.includes(way)));
    } catch {
      return new Set();
    }
  }

  async #write(failed: readonly IsolatedMethod[]): Promise<void> {
    const temporary = `${this.#path}.${process.pid}`;
    await writeFile(temporary, JSON.stringify({ engine: this.#engine, failed, at: this.#clock.now() }));
    await rename(temporary, this.#path);
  }
}
