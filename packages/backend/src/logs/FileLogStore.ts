import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { LogChunk } from '@xx-pipeline/common';
import type { Wakeups } from '../events/Wakeups.ts';
import { KeyedQueue } from '../storage/KeyedQueue.ts';
import { storageErrorOf } from '../storage/StorageError.ts';
import { LogFile } from './LogFile.ts';
import type { AppendResult, LogKey, LogSegment, LogStore } from './LogStore.ts';
import { logName } from './log-name.ts';

/** Files kept open; two handles each. */
const maxOpen = 200;

/** A file and who uses it. */
interface OpenLog {
  readonly file: Promise<LogFile | null>;
  users: number;
}

/**
 * Logs as files of one directory, which one process has to itself. What was acknowledged was given to the system: it
 * survives a kill of the process; a power cut may cost what the system had not yet written, which the worker that
 * still has it sends again.
 */
export class FileLogStore implements LogStore {
  readonly #directory: string;
  readonly #wakeups: Wakeups;
  readonly #turns = new KeyedQueue();
  readonly #open = new Map<string, OpenLog>();

  constructor(directory: string, wakeups: Wakeups) {
    this.#directory = directory;
    this.#wakeups = wakeups;
  }

  async append(key: LogKey, offset: number, chunks: readonly LogChunk[]): Promise<AppendResult> {
    const result = await this.#write(logName(key), (file) => file.append(offset, chunks));
    if (result.kind === 'appended') this.#wakeups.notify(`log:${logName(key)}`);
    return result;
  }

  async appendIf(key: LogKey, size: number, chunks: readonly LogChunk[]): Promise<boolean> {
    const isWritten = await this.#write(logName(key), async (file) => {
      // An append of nothing: returns the size, also after a write that failed.
      const { nextOffset } = await file.append(0, []);
      if (nextOffset !== size) return false;
      await file.append(size, chunks);
      return true;
    });
    if (isWritten) this.#wakeups.notify(`log:${logName(key)}`);
    return isWritten;
  }

  async size(key: LogKey): Promise<number> {
    return this.#use(logName(key), 'read', async (file) => file?.size ?? 0);
  }

  async read(key: LogKey, offset: number, limit: number): Promise<LogSegment[]> {
    return this.#use(logName(key), 'read', async (file) => file?.read(offset, limit) ?? []);
  }

  async close(): Promise<void> {
    const open = [...this.#open.values()];
    this.#open.clear();
    for (const { file } of open) (await file.catch(() => null))?.close();
  }

  #write<T>(name: string, task: (file: LogFile) => Promise<T>): Promise<T> {
    return this.#turns.run(name, () =>
      this.#use(name, 'append', async (file) => {
        if (file === null) throw new Error(`the log ${name} was not made`);
        return task(file);
      }),
    );
  }

  async #use<T>(name: string, mode: 'append' | 'read', task: (file: LogFile | null) => Promise<T>): Promise<T> {
    const log = this.#take(name, mode);
    try {
      const file = await log.file;
      if (file !== null) return await task(file);
      // A reader has looked for it in vain; perhaps it was the reader's `log` that this append was given.
      this.#forget(name, log);
      return mode === 'read' ? await task(null) : await this.#use(name, mode, task);
    } catch (error) {
      if (!(await log.file.then(Boolean, () => false))) this.#forget(name, log);
      throw storageErrorOf(error, 'the log');
    } finally {
      log.users -= 1;
      await this.#closeOldest();
    }
  }

  #take(name: string, mode: 'append' | 'read'): OpenLog {
    const log = this.#open.get(name) ?? { file: this.#openFile(name, mode), users: 0 };
    log.users += 1;
    // To the end: used last.
    this.#open.delete(name);
    this.#open.set(name, log);
    return log;
  }

  async #openFile(name: string, mode: 'append' | 'read'): Promise<LogFile | null> {
    // Ids are random at their end: many folders, each of them small.
    const folder = join(this.#directory, name.slice(0, name.lastIndexOf('.')).slice(-2).toLowerCase());
    const path = join(folder, `${name}.log`);
    try {
      return await LogFile.open(path, mode);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return await LogFile.open(path, mode);
  }

  #forget(name: string, log: OpenLog): void {
    if (this.#open.get(name) === log) this.#open.delete(name);
  }

  async #closeOldest(): Promise<void> {
    for (const [name, log] of this.#open) {
      if (this.#open.size <= maxOpen) return;
      if (log.users > 0) continue;
      this.#open.delete(name);
      (await log.file.catch(() => null))?.close();
    }
  }
}
