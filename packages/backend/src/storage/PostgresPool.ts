import pg from 'pg';
import { storageErrorOf } from './StorageError.ts';

/** Codes of errors after which PostgreSQL wants a transaction repeated: serialization failure, deadlock. */
const repeatable = new Set(['40001', '40P01']);
const maxTries = 10;
const bigint = 20;

/** A statement with a name is prepared once per connection. */
export interface PostgresStatement {
  readonly name: string;
  readonly text: string;
}

/** Runs statements, on whichever connection or on that of a transaction. */
export interface PostgresRunner {
  query<T>(statement: string | PostgresStatement, values?: readonly unknown[]): Promise<T[]>;
}

/** Connections to one PostgreSQL database. */
export class PostgresPool implements PostgresRunner {
  readonly #pool: pg.Pool;
  #closed: Promise<void> | null = null;

  constructor(url: string) {
    this.#pool = new pg.Pool({ ...connectionOptions(url), max: 10 });
    // A connection that breaks while it is idle: the next user gets another one.
    this.#pool.on('error', () => undefined);
  }

  async connect(): Promise<pg.PoolClient> {
    try {
      return await this.#pool.connect();
    } catch (error) {
      throw storageErrorOf(error, 'PostgreSQL');
    }
  }

  async query<T>(statement: string | PostgresStatement, values: readonly unknown[] = []): Promise<T[]> {
    for (let tries = 1; ; tries++) {
      const client = await this.connect();
      try {
        const rows = await run<T>(client, statement, values);
        client.release();
        return rows;
      } catch (error) {
        client.release(isBroken(error));
        if (tries >= maxTries || !isRepeatable(error)) throw storageErrorOf(error, 'PostgreSQL');
      }
    }
  }

  /** Runs a task in a transaction; again when PostgreSQL asks for it. Rolled back when it rejects. */
  async transaction<T>(task: (runner: PostgresRunner) => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      const client = await this.connect();
      try {
        await client.query('begin');
        const result = await task({ query: (statement, values = []) => run(client, statement, values) });
        await client.query('commit');
        client.release();
        return result;
      } catch (error) {
        const isUsable = !isBroken(error) && (await client.query('rollback').then(Boolean, () => false));
        client.release(!isUsable);
        if (tries >= maxTries || !isRepeatable(error)) throw storageErrorOf(error, 'PostgreSQL');
      }
    }
  }

  /** May be called by each owner. */
  close(): Promise<void> {
    this.#closed ??= this.#pool.end();
    return this.#closed;
  }
}

/** A connection's settings, for those that need one of their own. */
export function connectionOptions(url: string): pg.ClientConfig {
  return {
    connectionString: url,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    application_name: 'xx-pipeline',
    types: {
      // Our numbers fit: times in milliseconds, offsets, counters.
      getTypeParser: ((id: number, format?: 'text' | 'binary') =>
        id === bigint ? Number : pg.types.getTypeParser(id, format as 'text')) as pg.CustomTypesConfig['getTypeParser'],
    },
  };
}

async function run<T>(
  client: pg.PoolClient,
  statement: string | PostgresStatement,
  values: readonly unknown[],
): Promise<T[]> {
  const query = typeof statement === 'string' ? { text: statement } : statement;
  const { rows } = await client.query({ ...query, values: values as unknown[] });
  return rows as T[];
}

function isRepeatable(error: unknown): boolean {
  return repeatable.has((error as { code?: string }).code ?? '');
}

/** Errors of statements leave the connection usable, and have a severity. */
function isBroken(error: unknown): boolean {
  const { severity } = error as { severity?: string };
  return severity !== 'ERROR';
}
