import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkerBackendClient } from '../WorkerBackendClient.ts';
import { directorySize } from './directory-size.ts';
import { fetchGitTree, type GitRules } from './fetch-git-tree.ts';
import { SourceUnavailable } from './SourceUnavailable.ts';
import { unpackSnapshot } from './unpack-snapshot.ts';

/** What a cache of trees needs. */
export interface TreeCacheOptions {
  /** Of this cache alone. */
  readonly directory: string;
  /** Bytes on disk above which trees that nobody uses go, the longest unused first. */
  readonly limit: number;
  readonly client: WorkerBackendClient | null;
  readonly git: GitRules;
}

/** The right to a tree: it stays until `release`. */
export interface TreeLease {
  readonly path: string;
  release(): void;
}

interface Fetching {
  readonly done: Promise<void>;
  readonly stop: AbortController;
  waiting: number;
}

/** What one tree may hold. */
const treeLimits = { bytes: 20 * 2 ** 30, files: 1_000_000 };

/**
 * The files that jobs start from, by key (`snapshot:<id>`, `git:<url>#<commit>`): fetched once, however many jobs want
 * them at once, kept for the next, never written to. A tree is there whole or not at all:
 *
 *   <digest of the key>/tree    the files
 *   <digest of the key>/size    bytes; its time is that of the last use
 */
export class TreeCache {
  readonly #options: TreeCacheOptions;
  readonly #fetching = new Map<string, Fetching>();
  readonly #uses = new Map<string, number>();
  #evicting: Promise<void> = Promise.resolve();

  constructor(options: TreeCacheOptions) {
    this.#options = options;
    mkdirSync(options.directory, { recursive: true, mode: 0o700 });
  }

  /** Where the tree of a key lies when it is there. */
  pathOf(key: string): string {
    return join(this.#options.directory, nameOf(key), 'tree');
  }

  /** The tree of a key, fetched if need be. Throws `SourceUnavailable`, or what the backend's client throws. */
  async lease(key: string, signal: AbortSignal): Promise<TreeLease> {
    signal.throwIfAborted();
    const lease = this.hold(key);
    try {
      const name = nameOf(key);
      const path = join(this.#options.directory, name, 'size');
      const now = new Date();
      const isThere = await utimes(path, now, now).then(
        () => true,
        () => false,
      );
      if (!isThere) await this.#fetchOnce(key, name, signal);
      return lease;
    } catch (error) {
      lease.release();
      throw error;
    }
  }

  /** Keeps a tree that is there already, for a job that uses it. */
  hold(key: string): TreeLease {
    const name = nameOf(key);
    this.#uses.set(name, (this.#uses.get(name) ?? 0) + 1);
    let held = true;
    return {
      path: this.pathOf(key),
      release: () => {
        if (!held) return;
        held = false;
        const left = (this.#uses.get(name) ?? 1) - 1;
        if (left > 0) this.#uses.set(name, left);
        else this.#uses.delete(name);
      },
    };
  }

  /** Removes what a process before this one was fetching. */
  async removeUnfinished(): Promise<void> {
    const { directory } = this.#options;
    for (const name of await readdir(directory)) {
      if (name.startsWith('new-')) await rm(join(directory, name), { recursive: true, force: true });
    }
  }

  /** One fetch serves all who wait for it; it stops when nobody does any more. */
  async #fetchOnce(key: string, name: string, signal: AbortSignal): Promise<void> {
    let fetching = this.#fetching.get(name);
    if (fetching === undefined) {
      const stop = new AbortController();
      const done = this.#fetch(key, name, stop.signal).finally(() => this.#fetching.delete(name));
      done.catch(() => {});
      fetching = { done, stop, waiting: 0 };
      this.#fetching.set(name, fetching);
    }
    const { done, stop } = fetching;
    fetching.waiting++;
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    try {
      await Promise.race([done, aborted]);
    } finally {
      signal.removeEventListener('abort', onAbort);
      fetching.waiting--;
      if (fetching.waiting === 0) {
        // Whoever comes now starts anew.
        if (this.#fetching.get(name) === fetching) this.#fetching.delete(name);
        stop.abort(signal.reason);
      }
    }
  }

  async #fetch(key: string, name: string, signal: AbortSignal): Promise<void> {
    const { directory } = this.#options;
    const making = join(directory, `new-${randomUUID()}`);
    try {
      await mkdir(join(making, 'tree'), { recursive: true, mode: 0o755 });
      const size = await this.#layOut(key, join(making, 'tree'), signal);
      await writeFile(join(making, 'size'), String(size));
      const target = join(directory, name);
      await rm(target, { recursive: true, force: true });
      await rename(making, target);
    } catch (error) {
      await rm(making, { recursive: true, force: true });
      throw error;
    }
    this.#evicting = this.#evicting.then(() => this.#evict()).catch(() => {});
    await this.#evicting;
  }

  async #layOut(key: string, tree: string, signal: AbortSignal): Promise<number> {
    const snapshot = /^snapshot:([0-9a-f]{64})$/.exec(key)?.[1];
    if (snapshot !== undefined) {
      if (this.#options.client === null) throw new SourceUnavailable('this worker has no backend to fetch a tree from');
      const archive = await this.#options.client.downloadSnapshot(snapshot, signal);
      return await unpackSnapshot(archive, snapshot, tree, treeLimits, signal);
    }
    const [, url, commit] = /^git:(.+)#([0-9a-f]{40,64})$/s.exec(key) ?? [];
    if (url === undefined || commit === undefined) {
      throw new SourceUnavailable(`this worker knows no tree ${JSON.stringify(key.slice(0, 100))}`);
    }
    await fetchGitTree(url, commit, tree, this.#options.git, signal);
    return await directorySize(tree);
  }

  async #evict(): Promise<void> {
    const { directory, limit } = this.#options;
    const trees: { name: string; size: number; usedAt: number }[] = [];
    for (const name of await readdir(directory)) {
      const path = join(directory, name, 'size');
      const size = Number(await readFile(path, 'utf8').catch(() => '0'));
      if (!name.startsWith('new-'))
        trees.push({ name, size, usedAt: (await stat(path).catch(() => null))?.mtimeMs ?? 0 });
    }
    let total = trees.reduce((sum, { size }) => sum + size, 0);
    trees.sort((a, b) => a.usedAt - b.usedAt);
    for (const { name, size } of trees) {
      if (total <= limit) return;
      if (this.#uses.has(name)) continue;
      // Out of the way first: a tree half removed must not look like a whole one.
      const going = join(directory, `new-${randomUUID()}`);
      await rename(join(directory, name), going);
      await rm(going, { recursive: true, force: true });
      total -= size;
    }
  }
}

const nameOf = (key: string): string => createHash('sha256').update(key).digest('hex').slice(0, 40);
