import { type LogChunk, type RunnerLine, runnerLineMark, runnerLineText } from '@xx-pipeline/common';
import { encodeLogFrame, type LogFrameHead, logFrameHeaderLength, readLogFrameHead } from '@xx-pipeline/common/api';
import type { ReportedLog } from '../../execution/index.ts';
import type { LogFile } from './LogFile.ts';
import { scanFrames } from './scan-frames.ts';

/** Up to so many bytes are written at once, in one call. */
const smallWrite = 64 * 1024;
/** Bytes waiting for the disk above which a writer has to wait. */
const highWater = 4 * 1024 * 1024;
/** Pieces of one write: systems take up to 1024. */
const largestBatch = 512;
/** While the disk is full, how often it is tried again. */
const retryMs = 1000;

/** What a spool needs. */
export interface LogSpoolOptions {
  /** Called whenever there is more to read. */
  readonly onGrowth: () => void;
  /** Called when the disk refuses bytes, and with null when it takes them again. */
  readonly onTrouble: (error: unknown) => void;
  readonly now: () => number;
}

/**
 * The log of one attempt on its way to the backend: frames as the API takes them, one after the other in a file. The
 * job's output goes there whatever the backend does. Bytes are counted as payload, as everywhere.
 *
 * When the disk is full, output is left out until it takes some again, and a line in the log tells how much.
 */
export class LogSpool {
  readonly #options: LogSpoolOptions;
  readonly #file: LogFile;
  #waiting: LogChunk[] = [];
  #waitingBytes = 0;
  /** Writing begins at the end of this turn: many small chunks are one write. */
  #soon: NodeJS.Immediate | null = null;
  #writing: Promise<void> | null = null;
  /** Where the last whole frame ends. */
  #fileEnd: number;
  #end: number;
  #cursor = { offset: 0, position: 0 };
  /** Where the last read began: what could not be told is read again. */
  #previous = { offset: 0, position: 0 };
  /** For reading much, again and again. */
  #buffer: Buffer | null = null;
  #leftOut = 0;
  /** A last line that the disk would not take: what is missing is told all the same, unless this process dies before. */
  #lastWords: LogChunk | null = null;
  #closed = false;
  #lastTry = Number.NEGATIVE_INFINITY;
  /** What an earlier life of the worker has written. */
  readonly reported: ReportedLog;

  private constructor(file: LogFile, options: LogSpoolOptions, found: SpoolContent) {
    this.#file = file;
    this.#options = options;
    this.#fileEnd = found.fileEnd;
    this.#end = found.end;
    this.reported = found.reported;
  }

  /** A spool in a file, new or kept; a frame cut short by the end of an earlier life is taken away. */
  static async on(file: LogFile, options: LogSpoolOptions): Promise<LogSpool> {
    const { size } = file;
    const found = size === 0 ? empty : await readSpool(file, size);
    if (found.fileEnd !== size) file.truncate(found.fileEnd);
    return new LogSpool(file, options, found);
  }

  /** Bytes of the log. */
  get end(): number {
    return this.#end;
  }

  /** Takes a chunk; when it returns a promise the caller must wait for it before writing more. */
  write(chunk: LogChunk): void | Promise<void> {
    if (chunk.bytes.length === 0) return;
    this.#waiting.push(chunk);
    this.#waitingBytes += chunk.bytes.length;
    if (this.#waitingBytes > smallWrite) this.#begin();
    else if (this.#writing === null) this.#soon ??= setImmediate(() => this.#begin());
    if (this.#waitingBytes >= highWater) return this.#writing ?? undefined;
  }

  /** Resolves, or returns when that is at once, when all that was written is in the file, or known to be left out. */
  settled(): void | Promise<void> {
    this.#begin();
    if (this.#writing !== null || this.#leftOut > 0) return this.#settle();
  }

  /** As `settled`, and nothing follows: what the disk refused is announced now, if need be from memory. */
  finish(): void | Promise<void> {
    return this.settled()?.then(() => {
      this.#closed = true;
      if (this.#leftOut === 0) return;
      this.#lastWords = this.#gapNote();
      this.#leftOut = 0;
      this.#end += this.#lastWords.bytes.length;
      this.#options.onGrowth();
    });
  }

  /** Whole frames from an offset on, about `limit` bytes; empty at the end. They are good until the next reading. */
  async read(offset: number, limit: number): Promise<{ frames: Buffer; bytes: number }> {
    const words = this.#lastWords;
    if (words !== null && offset >= this.#end - words.bytes.length) {
      const bytes = words.bytes.subarray(words.bytes.length - (this.#end - offset));
      const frames = bytes.length === 0 ? [] : encodeLogFrame({ ...words, bytes });
      return { frames: Buffer.concat(frames), bytes: bytes.length };
    }
    const start = await this.#seek(offset);
    const length = Math.min(this.#fileEnd - start.position, limit + logFrameHeaderLength);
    if (length <= 0) {
      this.#buffer = null;
      return { frames: Buffer.alloc(0), bytes: 0 };
    }
    let buffer = await this.#readAt(start.position, length);
    const first = readLogFrameHead(buffer, 0);
    if (first !== null && logFrameHeaderLength + first.length > buffer.length) {
      buffer = await this.#readAt(start.position, logFrameHeaderLength + first.length);
    }
    let position = 0;
    let bytes = 0;
    for (let head = first; head !== null; head = readLogFrameHead(buffer, position)) {
      const end = position + logFrameHeaderLength + head.length;
      if (end > buffer.length) break;
      bytes += head.length;
      position = end;
    }
    this.#previous = start;
    this.#cursor = { offset: start.offset + bytes, position: start.position + position };
    const frames = buffer.subarray(0, position);
    const known = offset - start.offset;
    return known === 0 ? { frames, bytes } : { frames: cutFirst(frames, known), bytes: bytes - known };
  }

  /** Writes nothing any more; the file stays open. */
  async close(): Promise<void> {
    await this.settled();
    this.#closed = true;
  }

  async #settle(): Promise<void> {
    while (this.#writing !== null) await this.#writing;
    if (this.#leftOut === 0) return;
    this.#lastTry = Number.NEGATIVE_INFINITY;
    await this.#announceGap();
  }

  #begin(): void {
    if (this.#soon !== null) clearImmediate(this.#soon);
    this.#soon = null;
    if (this.#writing !== null || this.#waiting.length === 0) return;
    const isSmall = this.#waitingBytes <= smallWrite && this.#waiting.length <= largestBatch / 2;
    if (!isSmall || this.#leftOut > 0 || this.#closed) this.#writing = Promise.resolve().then(() => this.#writeAll());
    else this.#writeSmall(this.#waiting.splice(0));
  }

  #writeSmall(batch: readonly LogChunk[]): void {
    const bytes = this.#waitingBytes;
    this.#waitingBytes = 0;
    const pieces = batch.flatMap((chunk) => encodeLogFrame(chunk));
    try {
      this.#took(this.#file.append(pieces), lengthOf(pieces), bytes);
    } catch (error) {
      this.#refused(error);
      this.#leftOut += bytes;
    }
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, largestBatch / 2);
      const bytes = lengthOf(batch.map((chunk) => chunk.bytes));
      if (this.#closed || !(await this.#announceGap()) || !(await this.#append(batch, bytes))) this.#leftOut += bytes;
      this.#waitingBytes -= bytes;
    }
    this.#writing = null;
  }

  /** Before anything follows a gap, a line says so. False while the disk refuses even that. */
  async #announceGap(): Promise<boolean> {
    if (this.#leftOut === 0) return true;
    const now = this.#options.now();
    if (this.#closed || now - this.#lastTry < retryMs) return false;
    this.#lastTry = now;
    const note = this.#gapNote();
    if (!(await this.#append([note], note.bytes.length))) return false;
    this.#leftOut = 0;
    this.#options.onTrouble(null);
    return true;
  }

  #gapNote(): LogChunk {
    const line: RunnerLine = { kind: 'lost', size: `${this.#leftOut} bytes` };
    const bytes = Buffer.from(`\n${runnerLineText(line)}\n`);
    return { stream: 'runner', at: this.#options.now(), bytes, mark: runnerLineMark(line) };
  }

  async #append(batch: readonly LogChunk[], bytes: number): Promise<boolean> {
    const pieces = batch.flatMap((chunk) => encodeLogFrame(chunk));
    try {
      this.#took(await this.#file.appendMuch(pieces), lengthOf(pieces), bytes);
      return true;
    } catch (error) {
      this.#refused(error);
      return false;
    }
  }

  #took(taken: number, length: number, bytes: number): void {
    if (taken < length) throw Object.assign(new Error('no space left on the disk'), { code: 'ENOSPC' });
    this.#fileEnd += length;
    this.#end += bytes;
    this.#options.onGrowth();
  }

  #refused(error: unknown): void {
    if (this.#leftOut === 0) this.#options.onTrouble(error);
    this.#lastTry = this.#options.now();
    try {
      this.#file.truncate(this.#fileEnd);
    } catch {
      // What is behind the last whole frame is taken away when the spool is opened again.
    }
  }

  /** The begin of the frame that holds an offset. Readers go forward, so it is where the last one ended. */
  async #seek(offset: number): Promise<{ offset: number; position: number }> {
    if (offset === this.#cursor.offset) return this.#cursor;
    let cursor = [this.#cursor, this.#previous].find((known) => known.offset <= offset) ?? { offset: 0, position: 0 };
    const from = cursor;
    await scanFrames(this.#file, from.position, this.#fileEnd, (head: LogFrameHead, position: number) => {
      if (cursor.offset + head.length > offset) return false;
      cursor = { offset: cursor.offset + head.length, position: position + logFrameHeaderLength + head.length };
      return true;
    });
    return cursor;
  }

  async #readAt(position: number, length: number): Promise<Buffer> {
    const buffer = this.#bufferOf(length);
    const { bytesRead } = await this.#file.read(buffer, 0, length, position);
    return buffer.subarray(0, bytesRead);
  }

  #bufferOf(length: number): Buffer {
    if (length <= smallWrite) return Buffer.allocUnsafe(length);
    if (this.#buffer === null || this.#buffer.length < length) this.#buffer = Buffer.allocUnsafeSlow(length);
    return this.#buffer;
  }
}

const lengthOf = (pieces: readonly Uint8Array[]): number => pieces.reduce((sum, { length }) => sum + length, 0);

interface SpoolContent {
  readonly fileEnd: number;
  readonly end: number;
  readonly reported: ReportedLog;
}

const empty: SpoolContent = { fileEnd: 0, end: 0, reported: { stdout: 0, stderr: 0, lines: [], atLineStart: true } };

async function readSpool(file: LogFile, size: number): Promise<SpoolContent> {
  const bytes = { stdout: 0, stderr: 0, runner: 0 };
  const lines: { text: string; mark?: number }[] = [];
  let last: { position: number; length: number } | null = null;
  const runners: { position: number; length: number; mark?: number }[] = [];
  const fileEnd = await scanFrames(file, 0, size, (head, position) => {
    bytes[head.stream] += head.length;
    last = { position: position + logFrameHeaderLength, length: head.length };
    if (head.stream === 'runner') runners.push(head.mark === undefined ? last : { ...last, mark: head.mark });
    return true;
  });
  const text = async ({ position, length }: { position: number; length: number }) => {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
    return buffer.toString('utf8', 0, bytesRead);
  };
  for (const { mark, ...place } of runners) {
    const line = (await text(place)).replace(/^\n/, '');
    lines.push(mark === undefined ? { text: line } : { text: line, mark });
  }
  const ending = last === null ? '\n' : await text(last);
  return {
    fileEnd,
    end: bytes.stdout + bytes.stderr + bytes.runner,
    reported: { stdout: bytes.stdout, stderr: bytes.stderr, lines, atLineStart: ending.endsWith('\n') },
  };
}

/** Frames without the first bytes of the first one's payload. */
function cutFirst(frames: Buffer, bytes: number): Buffer {
  const head = readLogFrameHead(frames, 0);
  if (head === null || bytes > head.length) return Buffer.alloc(0);
  const rest = frames.subarray(logFrameHeaderLength + bytes);
  const header = Buffer.from(frames.subarray(0, logFrameHeaderLength));
  header.writeUInt32BE(head.length - bytes, logFrameHeaderLength - 4);
  return Buffer.concat([header, rest]);
}
