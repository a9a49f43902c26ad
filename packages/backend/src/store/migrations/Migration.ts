import type { Kysely } from 'kysely';

/** The databases, where a migration differs between them. */
export type DialectName = 'sqlite' | 'postgres';

/** One step of the schema. Never edited once released: a later one corrects it. */
export interface Migration {
  readonly name: string;
  up(db: Kysely<unknown>, dialect: DialectName): Promise<void>;
}
