import type { TokenRole } from '@xx-pipeline/common';
import type { Kysely } from 'kysely';
import type { TokenStore } from '../TokenStore.ts';
import type { Tables } from './tables.ts';

/** Tokens in SQL. */
export class SqlTokenStore implements TokenStore {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  async add(token: { hash: string; role: TokenRole; name: string; createdAt: number }): Promise<void> {
    await this.#db
      .insertInto('tokens')
      .values({ hash: token.hash, role: token.role, name: token.name, created_at: token.createdAt })
      .onConflict((conflict) => conflict.column('hash').doNothing())
      .execute();
  }

  async find(hash: string): Promise<{ role: TokenRole; name: string } | null> {
    const row = await this.#db
      .selectFrom('tokens')
      .select(['role', 'name'])
      .where('hash', '=', hash)
      .executeTakeFirst();
    return row === undefined ? null : { role: row.role, name: row.name };
  }

  async revoke(name: string): Promise<boolean> {
    const [result] = await this.#db.deleteFrom('tokens').where('name', '=', name).execute();
    return (result?.numDeletedRows ?? 0n) > 0n;
  }
}
