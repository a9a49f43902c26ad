import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import { storageErrorOf } from '../../storage/StorageError.ts';
import type { SqliteConnection } from './SqliteConnection.ts';

/** Kysely over Node's own SQLite. */
export function sqliteDialect(connection: SqliteConnection): Dialect {
  return {
    createAdapter: () => new SqliteAdapter(),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createDriver: () => new SqliteDriver(connection),
  };
}

/** Takes turns with the group commits on the one connection. */
class SqliteDriver implements Driver {
  readonly #connection: SqliteConnection;
  readonly #releases = new WeakMap<DatabaseConnection, () => void>();

  constructor(connection: SqliteConnection) {
    this.#connection = connection;
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    const release = await this.#connection.mutex.lock();
    const turn = new Turn(this.#connection);
    this.#releases.set(turn, release);
    return turn;
  }

  async releaseConnection(turn: DatabaseConnection): Promise<void> {
    this.#releases.get(turn)?.();
  }

  async beginTransaction(turn: DatabaseConnection): Promise<void> {
    await turn.executeQuery(CompiledQuery.raw('begin immediate'));
  }

  async commitTransaction(turn: DatabaseConnection): Promise<void> {
    await turn.executeQuery(CompiledQuery.raw('commit'));
  }

  async rollbackTransaction(turn: DatabaseConnection): Promise<void> {
    await turn.executeQuery(CompiledQuery.raw('rollback'));
  }

  async destroy(): Promise<void> {
    const release = await this.#connection.mutex.lock();
    release();
    await this.#connection.close();
  }
}

/** The connection during one turn. */
class Turn implements DatabaseConnection {
  readonly #connection: SqliteConnection;

  constructor(connection: SqliteConnection) {
    this.#connection = connection;
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    try {
      const { rows, changes } = this.#connection.execute(sql, parameters);
      return { rows: rows as R[], numAffectedRows: BigInt(changes) };
    } catch (error) {
      throw storageErrorOf(error, 'the database');
    }
  }

  // biome-ignore lint/correctness/useYield: rows are never streamed here
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error('SQLite gives all rows at once');
  }
}
