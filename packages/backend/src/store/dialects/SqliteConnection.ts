import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { Mutex } from '../Mutex.ts';
import { storageErrorOf } from '../StorageError.ts';

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

/**
 * The one connection to a SQLite file. Work is done between two turns of the event loop: what several requests want
 * to write at the same time goes into one transaction, because waiting for the disk costs more than everything else.
 * Nobody is told of success before that transaction is on the disk.
 *
 *   write() --> queue --(next turn, mutex)--> begin, savepoint per write, commit --> resolve all
 */
export class SqliteConnection {
  /** Held by whoever has statements to run, several of which may belong together. */
  readonly mutex = new Mutex();
  readonly #database: DatabaseSync;
  readonly #prepared = new Map<string, Prepared>();
  #queue: Write[] = [];
  #isScheduled = false;

  constructor(path: string) {
    try {
      this.#database = new DatabaseSync(path, { timeout: 5000 });
      this.#database.exec('pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on;');
      this.#database.exec(
        'pragma cache_size = -65536; pragma temp_store = memory; pragma journal_size_limit = 67108864;',
      );
    } catch (error) {
      throw storageErrorOf(error, `the database ${path}`);
    }
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

  /** Runs synchronous work in a transaction, perhaps shared with others'; resolves once it is committed. */
  write<T>(run: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ run, resolve, reject });
      if (this.#isScheduled) return;
      this.#isScheduled = true;
      setImmediate(() => void this.#flush());
    });
  }

  close(): void {
    this.#prepared.clear();
    if (this.#database.isOpen) this.#database.close();
  }

  async #flush(): Promise<void> {
    const release = await this.mutex.lock();
    const writes = this.#queue;
    this.#queue = [];
    this.#isScheduled = false;
    try {
      this.#commit(writes);
    } catch (error) {
      // Nothing of the whole transaction is there.
      if (this.#database.isOpen && this.#database.isTransaction) this.#database.exec('rollback');
      for (const { reject } of writes) reject(storageErrorOf(error, 'the database'));
    } finally {
      release();
    }
  }

  #commit(writes: readonly Write[]): void {
    const settle: (() => void)[] = [];
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
    for (const report of settle) report();
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
