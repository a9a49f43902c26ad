import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { logName } from '../logs/log-name.ts';
import { KeyedQueue } from '../storage/KeyedQueue.ts';
import { LruCache } from '../storage/LruCache.ts';
import { storageErrorOf } from '../storage/StorageError.ts';
import type { ArtifactKey, ArtifactStore, UploadResult } from './ArtifactStore.ts';
import { artifactPath, checkArchive } from './artifact-names.ts';

/** The digest of the first bytes of a part file, so that finishing it need not read it again. */
interface Progress {
  readonly offset: number;
  readonly hash: Hash;
}

/**
 * Archives as files: `<job>/<attempt>.<digest>.part` while parts arrive, renamed once whole and checked. An upload goes
 * on where it stopped, also in another process; the directory may be shared by several backends.
 */
export class FileArtifactStore implements ArtifactStore {
  readonly #directory: string;
  readonly #turns = new KeyedQueue();
  readonly #progress = new LruCache<Progress>(100);

  constructor(directory: string) {
    this.#directory = directory;
  }

  upload(
    key: ArtifactKey,
    archive: { readonly size: number; readonly sha256: string; readonly offset: number },
    bytes: AsyncIterable<Uint8Array>,
  ): Promise<UploadResult> {
    const name = logName(key);
    checkArchive(archive);
    return this.#turns.run(name, async () => {
      try {
        return await this.#upload(key, archive, bytes);
      } catch (error) {
        throw storageErrorOf(error, 'the artifacts');
      }
    });
  }

  async #upload(
    key: ArtifactKey,
    { size, sha256, offset }: { readonly size: number; readonly sha256: string; readonly offset: number },
    bytes: AsyncIterable<Uint8Array>,
  ): Promise<UploadResult> {
    const stored: UploadResult = { kind: 'stored', path: artifactPath(key) };
    const folder = this.#folder(key);
    const whole = join(folder, `${key.attempt}.${sha256}`);
    if ((await this.#wholeFiles(key)).includes(whole)) return afterReading(bytes, stored);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const part = `${whole}.part`;
    const file = await openPart(part);
    try {
      const { size: received } = await file.stat();
      if (offset > received) return await afterReading(bytes, { kind: 'gap', nextOffset: received });
      const reached = await this.#write(file, part, { from: offset, received, size }, bytes);
      if (reached < size) return { kind: 'partial', nextOffset: reached };
      if (reached > size || (await this.#digest(part, size)) !== sha256) {
        await rm(part, { force: true });
        return { kind: 'checksum-mismatch' };
      }
      await file.datasync();
    } finally {
      await file.close();
    }
    const others = await this.#wholeFiles(key);
    await rename(part, whole).catch(async (error: unknown) => {
      // Another backend has been given the same archive and was quicker.
      if (!(await this.#wholeFiles(key)).includes(whole)) throw error;
    });
    await syncFolder(folder);
    this.#progress.delete(part);
    for (const other of others) if (other !== whole) await rm(other, { force: true });
    return stored;
  }

  /** Appends what is not there yet; gives how far the file now reaches, one more than `size` when that is too far. */
  async #write(
    file: FileHandle,
    part: string,
    { from, received, size }: { readonly from: number; readonly received: number; readonly size: number },
    bytes: AsyncIterable<Uint8Array>,
  ): Promise<number> {
    let position = from;
    let reached = received;
    const known = this.#progress.get(part);
    const hash = known?.offset === received ? known.hash : received === 0 ? createHash('sha256') : null;
    this.#progress.delete(part);
    try {
      for await (const chunk of bytes) {
        const added = chunk.subarray(Math.min(chunk.length, Math.max(0, reached - position)));
        position += chunk.length;
        if (position > size) return size + 1;
        await writeAll(file, added, reached);
        hash?.update(added);
        reached += added.length;
      }
    } finally {
      if (hash !== null) this.#progress.set(part, { offset: reached, hash }, 1);
    }
    return reached;
  }

  async #digest(part: string, size: number): Promise<string> {
    const known = this.#progress.get(part);
    if (known?.offset === size) return known.hash.copy().digest('hex');
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(part, { highWaterMark: 1024 * 1024 })) hash.update(chunk as Buffer);
    return hash.digest('hex');
  }

  async open(key: ArtifactKey): Promise<AsyncIterable<Uint8Array> | null> {
    logName(key);
    const [path] = await this.#wholeFiles(key);
    if (path === undefined) return null;
    try {
      // Opened before anything is promised; a replacement of the file does not disturb this reader.
      return (await open(path, 'r')).createReadStream({ highWaterMark: 256 * 1024 });
    } catch (error) {
      throw storageErrorOf(error, 'the artifacts');
    }
  }

  async close(): Promise<void> {}

  async #wholeFiles({ jobId, attempt }: ArtifactKey): Promise<string[]> {
    const folder = this.#folder({ jobId, attempt });
    const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw storageErrorOf(error, 'the artifacts');
    });
    return names
      .filter((name) => name.startsWith(`${attempt}.`) && !name.endsWith('.part'))
      .map((name) => join(folder, name));
  }

  #folder({ jobId }: ArtifactKey): string {
    return join(this.#directory, jobId.slice(-2).toLowerCase(), jobId);
  }
}

async function openPart(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r+');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return open(path, 'w+', 0o600);
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}

/** A new name survives a power cut only once its folder is written. */
async function syncFolder(path: string): Promise<void> {
  for (const folder of [path, dirname(path)]) {
    const handle = await open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  }
}

/** Reads the rest of a request, so that its sender gets to the answer. */
async function afterReading(bytes: AsyncIterable<Uint8Array>, result: UploadResult): Promise<UploadResult> {
  for await (const _ of bytes);
  return result;
}
