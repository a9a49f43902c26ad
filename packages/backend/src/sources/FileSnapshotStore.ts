import { createHash, hash, randomUUID } from 'node:crypto';
import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { SnapshotFile } from '@xx-pipeline/common';
import { LruCache } from '../storage/LruCache.ts';
import { storageErrorOf } from '../storage/StorageError.ts';
import { packTree, type TreeContents } from './pack-tree.ts';
import type { SnapshotStore } from './SnapshotStore.ts';
import { canonicalTree, contentsOf } from './tree.ts';

/** Files looked at before others get a turn. */
const batch = 200;
/** The same for files written. */
const smallBatch = 50;
const pieceSize = 1024 * 1024;
/** A leftover of an upload that is older than this is no longer being written, ms. */
const leftoverMs = 24 * 3600 * 1000;

/**
 * Trees as lists and contents as files named by their digest; the directory may be shared by several backends.
 * A content counts only when it has its length: what a power cut has left empty is asked for again.
 */
export class FileSnapshotStore implements SnapshotStore {
  readonly #directory: string;
  /** Trees found complete: contents are never removed. */
  readonly #known = new LruCache<true>(1000);
  readonly #made = new Set<string>();

  constructor(directory: string) {
    this.#directory = directory;
  }

  async offer(files: readonly SnapshotFile[]): Promise<{ id: string; missing: string[] }> {
    const tree = canonicalTree(files);
    try {
      await this.#place(this.#tree(tree.id), async (path) => {
        await writeFile(path, tree.text, { flush: true, mode: 0o600 });
        return true;
      });
      return { id: tree.id, missing: await this.#missing(tree.files) };
    } catch (error) {
      throw storageErrorOf(error, 'the sources');
    }
  }

  async putBlob(sha256: string, bytes: AsyncIterable<Uint8Array>): Promise<boolean> {
    const path = this.#blob(sha256);
    const hash = createHash('sha256');
    try {
      return await this.#place(path, async (temporary) => {
        const file = await open(temporary, 'wx', 0o600);
        try {
          for await (const chunk of bytes) {
            hash.update(chunk);
            await file.writeFile(chunk);
          }
        } finally {
          await file.close();
        }
        return hash.digest('hex') === sha256;
      });
    } catch (error) {
      throw storageErrorOf(error, 'the sources');
    }
  }

  async putBlobs(contents: readonly Uint8Array[]): Promise<string[]> {
    try {
      const digests: string[] = [];
      for (const content of contents) {
        digests.push(await this.#placeSmall(content));
        if (digests.length % smallBatch === 0) await nextTurn();
      }
      return digests;
    } catch (error) {
      throw storageErrorOf(error, 'the sources');
    }
  }

  /** Like small files read: quicker at once than by a detour over other threads. */
  async #placeSmall(content: Uint8Array): Promise<string> {
    const sha256 = hash('sha256', content, 'hex');
    const path = this.#blob(sha256);
    const temporary = join(this.#directory, 'tmp', randomUUID());
    for (const folder of [dirname(temporary), dirname(path)]) await this.#make(folder);
    try {
      writeFileSync(temporary, content, { flag: 'wx', mode: 0o600 });
      renameSync(temporary, path);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
    return sha256;
  }

  async isComplete(id: string): Promise<boolean> {
    return (await this.#complete(id)) !== null;
  }

  async archive(id: string): Promise<AsyncIterable<Uint8Array> | null> {
    const files = await this.#complete(id);
    if (files === null) return null;
    return packTree(files, this.#contents);
  }

  async close(): Promise<void> {}

  readonly #contents: TreeContents = {
    // Small files are quicker to read at once than by a detour over other threads.
    read: async (sha256s) => {
      await nextTurn();
      return new Map(sha256s.map((sha256) => [sha256, readFileSync(this.#blob(sha256))]));
    },
    stream: (sha256, size) => readPieces(this.#blob(sha256), size),
  };

  /** Removes what killed uploads have left. */
  async removeLeftovers(now: number): Promise<void> {
    const folder = join(this.#directory, 'tmp');
    for (const name of await readdir(folder).catch(() => [])) {
      const { mtimeMs } = await stat(join(folder, name)).catch(() => ({ mtimeMs: now }));
      if (mtimeMs < now - leftoverMs) await rm(join(folder, name), { force: true });
    }
  }

  async #complete(id: string): Promise<SnapshotFile[] | null> {
    const files = await this.#read(id);
    if (files === null || this.#known.get(id) === true) return files;
    if ((await this.#missing(files)).length > 0) return null;
    this.#known.set(id, true, 1);
    return files;
  }

  async #missing(files: readonly SnapshotFile[]): Promise<string[]> {
    const missing: string[] = [];
    let sinceTurn = 0;
    for (const [sha256, size] of contentsOf(files)) {
      if (statSync(this.#blob(sha256), { throwIfNoEntry: false })?.size !== size) missing.push(sha256);
      sinceTurn += 1;
      if (sinceTurn % batch === 0) await nextTurn();
    }
    return missing;
  }

  async #read(id: string): Promise<SnapshotFile[] | null> {
    try {
      const text = await readFile(this.#tree(id), 'utf8');
      const isWhole = createHash('sha256').update(text).digest('hex') === id;
      return isWhole ? (JSON.parse(text) as SnapshotFile[]) : null;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw storageErrorOf(error, 'the sources');
    }
  }

  /** Writes a file under another name first; it appears whole or (`false`) not at all. */
  async #place(path: string, write: (temporary: string) => Promise<boolean>): Promise<boolean> {
    const temporary = join(this.#directory, 'tmp', randomUUID());
    for (const folder of [dirname(temporary), dirname(path)]) await this.#make(folder);
    try {
      if (!(await write(temporary))) return false;
      await rename(temporary, path);
      return true;
    } finally {
      await rm(temporary, { force: true });
    }
  }

  /** A few hundred folders in all. */
  async #make(folder: string): Promise<void> {
    if (this.#made.has(folder)) return;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    this.#made.add(folder);
  }

  #tree(id: string): string {
    return join(this.#directory, 'trees', digestName(id));
  }

  #blob(sha256: string): string {
    return join(this.#directory, 'blobs', digestName(sha256));
  }
}

/** `ab/abcd…`; anything that is no digest is no name of ours. */
function digestName(sha256: string): string {
  if (!/^[0-9a-f]{64}$/.test(sha256)) throw new Error(`"${sha256.slice(0, 80)}" is not a SHA-256 digest`);
  return join(sha256.slice(0, 2), sha256);
}

async function* readPieces(path: string, size: number): AsyncIterable<Uint8Array> {
  const file: FileHandle = await open(path, 'r');
  try {
    for (let done = 0; done < size; ) {
      const { buffer, bytesRead } = await file.read(
        Buffer.allocUnsafe(Math.min(pieceSize, size - done)),
        0,
        null,
        done,
      );
      if (bytesRead === 0) throw new Error(`the stored content ${path} is damaged`);
      yield buffer.subarray(0, bytesRead);
      done += bytesRead;
    }
  } finally {
    await file.close();
  }
}
