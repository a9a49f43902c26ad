import { type FileHandle, open } from 'node:fs/promises';
import type { LogChunk } from '@xx-pipeline/common';
import { LogIndexWriter } from './log-index.ts';

/** Bytes waiting for the disk above which a writer has to wait. */
const highWater = 4 * 1024 * 1024;
/** Pieces of one write: systems take up to 1024. */
const largestBatch = 512;
/** The index is flushed with the log when this much of it waits, or this long after the last time. */
const indexFlushBytes = 4096;
const indexFlushMs = 1000;

/**
 * The log of one attempt: raw bytes in a file, streams and times in the index beside it (`<log>.idx`).
 *
 * One write is under way at a time and takes everything that came in meanwhile: a quiet job's line is in the file at
 * once, a loud one is written in pieces of megabytes without being copied.
 */
export class JobLogFile {
  readonly #path: string;
  readonly #onFailure: (error: unknown) => void;
  readonly #index = new LogIndexWriter();
  #log: FileHandle | null = null;
  #indexFile: FileHandle | null = null;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #lastIndexFlush = performance.now();
  #failed = false;
  #writing: Promise<void> | null = null;

  /** `onFailure` is called at most once, when a write fails; from then on the log discards what it is given. */
  constructor(path: string, onFailure: (error: unknown) => void) {
    this.#path = path;
    this.#onFailure = onFailure;
  }

  /** Queues a chunk. If it returns a promise, the caller must wait for it before it writes more. The bytes are not copied. */
  write(chunk: LogChunk): void | Promise<void> {
    if (this.#failed || chunk.bytes.length === 0) return;
    this.#index.add(chunk.stream, chunk.at, chunk.bytes.length);
    this.#waiting.push(chunk.bytes);
    this.#waitingBytes += chunk.bytes.length;
    this.#writing ??= this.#writeAll();
    if (this.#waitingBytes >= highWater) return this.#writing;
  }

  /** Resolves when everything is in the files and they are closed. Never rejects. */
  async close(): Promise<void> {
    while (this.#writing !== null) await this.#writing;
    await this.#guard(async () => {
      // A job without output has an empty log, not a missing one.
      this.#log ??= await open(this.#path, 'a');
      await this.#appendIndex(this.#index.end());
    });
    await Promise.allSettled([this.#log?.close(), this.#indexFile?.close()]);
  }

  async #writeAll(): Promise<void> {
    await this.#guard(async () => {
      this.#log ??= await open(this.#path, 'a');
      while (this.#waiting.length > 0) {
        const batch = this.#waiting.splice(0, largestBatch);
        const bytes = batch.reduce((sum, piece) => sum + piece.length, 0);
        await writeFully(this.#log, batch, bytes);
        this.#waitingBytes -= bytes;
        await this.#flushIndexIfDue();
      }
    });
    // Chunks that arrived since the loop ended would otherwise wait for the next write.
    this.#writing = this.#waiting.length > 0 ? this.#writeAll() : null;
  }

  async #flushIndexIfDue(): Promise<void> {
    const now = performance.now();
    if (this.#index.pending < indexFlushBytes && now - this.#lastIndexFlush < indexFlushMs) return;
    this.#lastIndexFlush = now;
    await this.#appendIndex(this.#index.take());
  }

  async #appendIndex(bytes: Buffer): Promise<void> {
    if (bytes.length === 0 || this.#log === null) return;
    this.#indexFile ??= await open(`${this.#path}.idx`, 'a');
    await writeFully(this.#indexFile, [bytes], bytes.length);
  }

  async #guard(work: () => Promise<void>): Promise<void> {
    if (this.#failed) return;
    try {
      await work();
    } catch (error) {
      this.#failed = true;
      this.#waiting = [];
      this.#waitingBytes = 0;
      this.#onFailure(error);
    }
  }
}

/** A write is short when the disk is full: the rest is retried, and fails with the reason. */
async function writeFully(file: FileHandle, pieces: readonly Uint8Array[], bytes: number): Promise<void> {
  const { bytesWritten } = await file.writev(pieces);
  if (bytesWritten === bytes) return;
  for (let left = Buffer.concat(pieces).subarray(bytesWritten); left.length > 0; ) {
    const { bytesWritten: more } = await file.write(left);
    if (more === 0) throw Object.assign(new Error('no space left on the disk'), { code: 'ENOSPC' });
    left = left.subarray(more);
  }
}
