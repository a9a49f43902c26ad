import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { Mutex } from '../../storage/Mutex.ts';
import { StorageError, storageErrorOf } from '../../storage/StorageError.ts';
import { type DiskSync, openWalSync } from './wal-sync.ts';

/** A prepared statement and whether it gives rows. */
interface Prepared {
  readonly statement: StatementSync;
  readonly isReader: boolean;
}

/** One piece of work that waits for the next commit. */
interface Write {
  readonly run: () => unknown;
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
}

/** Pages of the write-ahead log after which they are moved into the database; the more, the less is written twice. */
const checkpointPages = 8192;

/**
 * The one connection to a SQLite file. Work is done between two turns of the event loop: what several requests want
 * to write at the same time goes into one transaction, because waiting for the disk costs more than everything else.
 * SQLite only writes its log; another thread waits until the log is on the disk, so that the event loop is not blocked.
 * No write succeeds before that.
 *
 *   write() --> queue --(next turn, mutex)--> begin, savepoint per write, commit --> sync of the log --> resolve all
 *                 '------------------- what comes meanwhile waits for the next round -----------------------'
 */
export class SqliteConnection {
  /** Held while statements run, several of which may belong together. */
  readonly mutex = new Mutex();
  readonly #database: DatabaseSync;
  readonly #prepared = new Map<string, Prepared>();
  readonly #sync: DiskSync;
  #queue: Write[] = [];
  #flushing: Promise<void> | null = null;
  /** A sync has failed: what is in the log may never reach the disk by another one. */
  #isLogSuspect = false;

  /** `openSync` is for tests of disks that fail. */
  constructor(path: string, openSync: (path: string) => DiskSync = openWalSync) {
    try {
      this.#database = new DatabaseSync(path, { timeout: 5000 });
      this.#database.exec('pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on;');
      this.#database.exec(
        'pragma cache_size = -65536; pragma temp_store = memory; pragma journal_size_limit = 67108864;',
      );
      this.#database.exec(`pragma wal_autocheckpoint = ${checkpointPages}`);
    } catch (error) {
      throw storageErrorOf(error, `the database ${path}`);
    }
    this.#sync = openSync(path);
  }

  /** Runs a statement without rows; gives the number of rows it changed. */
  run(sql: string, parameters: readonly unknown[]): number {
    return Number(this.#prepare(sql).statement.run(...(parameters as SQLInputValue[])).changes);
  }

  /** All rows of a statement. */
  all<T>(sql: string, parameters: readonly unknown[]): T[] {
    return this.#prepare(sql).statement.all(...(parameters as SQLInputValue[])) as T[];
  }

  /** Whatever the statement is. */
  execute(sql: string, parameters: readonly unknown[]): { rows: unknown[]; changes: number } {
    if (this.#prepare(sql).isReader) return { rows: this.all(sql, parameters), changes: 0 };
    return { rows: [], changes: this.run(sql, parameters) };
  }

  /** Runs synchronous work that only reads, between the transactions of others. */
  async read<T>(run: () => T): Promise<T> {
    if (!this.mutex.isLocked) return run();
    const release = await this.mutex.lock();
    try {
      return run();
    } finally {
      release();
    }
  }

  /** Runs synchronous work in a transaction, perhaps shared with others'; resolves once it is on the disk. */
  write<T>(run: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ run, resolve, reject });
      this.#flushing ??= this.#flush();
    });
  }

  /** Writers are answered first. */
  async close(): Promise<void> {
    await this.#flushing;
    this.#prepared.clear();
    if (!this.#database.isOpen) return;
    this.#database.close();
    await this.#sync.close();
  }

  async #flush(): Promise<void> {
    while (this.#queue.length > 0) {
      // What comes in this turn of the event loop belongs to the group.
      await new Promise((resolve) => setImmediate(resolve));
      await this.#writeGroup();
    }
    this.#flushing = null;
  }

  async #writeGroup(): Promise<void> {
    const release = await this.mutex.lock();
    const writes = this.#queue;
    this.#queue = [];
    try {
      const settle = this.#commit(writes);
      // Others may read and write meanwhile.
      release();
      await this.#reachDisk();
      for (const report of settle) report();
    } catch (error) {
      for (const { reject } of writes) reject(storageErrorOf(error, 'the database'));
    } finally {
      release();
    }
  }

  async #reachDisk(): Promise<void> {
    try {
      await this.#sync.sync();
    } catch (error) {
      this.#isLogSuspect = true;
      throw error;
    }
  }

  /** Gives what tells everybody, to be called once it is on the disk; when this throws, nothing of it is there. */
  #commit(writes: readonly Write[]): (() => void)[] {
    if (this.#isLogSuspect) this.#moveLog();
    const settle: (() => void)[] = [];
    this.#database.exec('pragma synchronous = normal');
    try {
      this.run('begin immediate', []);
      for (const { run, resolve, reject } of writes) {
        this.run('savepoint one', []);
        try {
          const value = run();
          settle.push(() => resolve(value as never));
        } catch (error) {
          // A full disk ends the transaction by itself.
          if (!this.#database.isTransaction) throw error;
          this.run('rollback to one', []);
          settle.push(() => reject(storageErrorOf(error, 'the database')));
        }
        this.run('release one', []);
      }
      this.run('commit', []);
      return settle;
    } finally {
      if (this.#database.isOpen && this.#database.isTransaction) this.#database.exec('rollback');
      if (this.#database.isOpen) this.#database.exec('pragma synchronous = full');
    }
  }

  /** Writes the whole log into the database, and begins a new one. */
  #moveLog(): void {
    const row = this.#database.prepare('pragma wal_checkpoint(truncate)').get();
    if (row?.['busy'] !== 0)
      throw new StorageError('unavailable', 'the database: its log cannot be written to the disk');
    this.#isLogSuspect = false;
  }

  #prepare(sql: string): Prepared {
    const known = this.#prepared.get(sql);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(sql);
    const prepared = { statement, isReader: statement.columns().length > 0 };
    // Lists of different lengths make different texts.
    if (this.#prepared.size >= 500) this.#prepared.delete(this.#prepared.keys().next().value ?? '');
    this.#prepared.set(sql, prepared);
    return prepared;
  }
}
