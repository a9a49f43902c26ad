import { randomBytes } from 'node:crypto';
import process from 'node:process';
import pg from 'pg';

/** A database of its own in the PostgreSQL server that the test command brings; gone when it is disposed. */
export class TestDatabase implements AsyncDisposable {
  readonly url: string;
  readonly #admin: string;
  readonly #name: string;

  private constructor(admin: string, name: string) {
    this.#admin = admin;
    this.#name = name;
    const url = new URL(admin);
    url.pathname = `/${name}`;
    this.url = url.href;
  }

  static async make(admin = process.env['XX_TEST_POSTGRES']): Promise<TestDatabase> {
    if (admin === undefined || admin === '') {
      throw new Error('XX_TEST_POSTGRES names no PostgreSQL server; npm test starts one and sets it');
    }
    const name = `xx_test_${randomBytes(6).toString('hex')}`;
    await execute(admin, `create database ${name}`);
    return new TestDatabase(admin, name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await execute(this.#admin, `drop database if exists ${this.#name} with (force)`);
  }
}

async function execute(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
