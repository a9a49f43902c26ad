import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, LogChunk } from '@xx-pipeline/common';
import type { Wakeups } from '../events/Wakeups.ts';
import { waitForWakeup } from '../events/wait-for-wakeup.ts';
import { KeyedQueue } from '../store/KeyedQueue.ts';
import { storageErrorOf } from '../store/StorageError.ts';
import { LogFile } from './LogFile.ts';
import type { AppendResult, LogKey, LogSegment, LogStore } from './LogStore.ts';
import { logName } from './log-name.ts';

/** Files kept open; two handles each. */
const maxOpen = 200;
const pollMs = 5000;

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
  readonly #clock: Clock;
  readonly #turns = new KeyedQueue();
  readonly #open = new Map<string, OpenLog>();

  constructor(directory: string, wakeups: Wakeups, clock: Clock) {
    this.#directory = directory;
    this.#wakeups = wakeups;
    this.#clock = clock;
  }

  async append(key: LogKey, offset: number, chunks: readonly LogChunk[]): Promise<AppendResult> {
    const name = logName(key);
    const result = await this.#turns.run(name, () =>
      this.#use(name, 'append', async (file) => {
        if (file === null) throw new Error(`the log ${name} was not made`);
        return file.append(offset, chunks);
      }),
    );
    if (result.kind === 'appended') this.#wakeups.notify(`log:${name}`);
    return result;
  }

  async size(key: LogKey): Promise<number> {
    return this.#use(logName(key), 'read', async (file) => file?.size ?? 0);
  }

  async read(key: LogKey, offset: number, limit: number): Promise<LogSegment[]> {
    return this.#use(logName(key), 'read', async (file) => file?.read(offset, limit) ?? []);
  }

  async grown(key: LogKey, offset: number, signal: AbortSignal): Promise<void> {
    const isThere = async () => (await this.size(key)) > offset;
    await waitForWakeup({ wakeups: this.#wakeups, clock: this.#clock }, `log:${logName(key)}`, isThere, {
      signal,
      pollMs,
    });
  }

  async close(): Promise<void> {
    const open = [...this.#open.values()];
    this.#open.clear();
    for (const { file } of open) await (await file.catch(() => null))?.close();
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
    if (mode === 'append') await mkdir(folder, { recursive: true, mode: 0o700 });
    return LogFile.open(join(folder, `${name}.log`), mode);
  }

  #forget(name: string, log: OpenLog): void {
    if (this.#open.get(name) === log) this.#open.delete(name);
  }

  async #closeOldest(): Promise<void> {
    for (const [name, log] of this.#open) {
      if (this.#open.size <= maxOpen) return;
      if (log.users > 0) continue;
      this.#open.delete(name);
      await (await log.file.catch(() => null))?.close();
    }
  }
}
