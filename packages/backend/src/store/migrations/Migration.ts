import type { Kysely } from 'kysely';

/** What one migration may differ in between databases. */
export type DialectName = 'sqlite' | 'postgres';

/** One step of the schema. Never edited once released: a later one corrects it. */
export interface Migration {
  readonly name: string;
  up(db: Kysely<unknown>, dialect: DialectName): Promise<void>;
}
