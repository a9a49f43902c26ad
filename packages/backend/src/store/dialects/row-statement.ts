import type { PostgresStatement } from '../../storage/PostgresPool.ts';
import type { ColumnType } from '../sql/tables.ts';

type Columns = Readonly<Record<string, ColumnType>>;
type RowOf<C extends Columns> = { readonly [Name in keyof C]: string | number | null };
type RowsOf<Sets extends Readonly<Record<string, Columns>>> = {
  readonly [Name in keyof Sets]: readonly RowOf<Sets[Name]>[];
};

/** A statement whose parameters have names: single values, and sets of rows. */
export interface RowStatement<Value extends string, Sets extends Readonly<Record<string, Columns>>>
  extends PostgresStatement {
  /** The parameters in their order: the values, then one array for each column of each set. */
  parameters(values: { readonly [Name in Value]: unknown }, rows: RowsOf<Sets>): unknown[];
}

/**
 * Makes a statement out of a text with named parameters. A value stands in the text as `$1`; a set of rows as a table of
 * its own name, with its columns and `place`, the position of the row from 1:
 *
 *     rowStatement('x', ['runId'], { jobs: { id: 'text' } }, ({ runId }, { jobs }) => `... ${runId} ... from ${jobs}`)
 *     ... $1 ... from unnest($2::text[]) with ordinality as jobs (id, place)
 */
export function rowStatement<const Value extends string, const Sets extends Readonly<Record<string, Columns>>>(
  name: string,
  values: readonly Value[],
  sets: Sets,
  write: (values: { readonly [Name in Value]: string }, sets: { readonly [Name in keyof Sets]: string }) => string,
): RowStatement<Value, Sets> {
  let count = values.length;
  const tables = Object.entries(sets).map(([table, columns]) => {
    const arrays = Object.values(columns).map((type) => `$${++count}::${type}[]`);
    return [
      table,
      `unnest(${arrays.join(', ')}) with ordinality as ${table} (${Object.keys(columns).join(', ')}, place)`,
    ];
  });
  const placeholders = values.map((value, index) => [value, `$${index + 1}`]);
  return {
    name,
    text: write(Object.fromEntries(placeholders), Object.fromEntries(tables)),
    parameters: (given, rows) => [
      ...values.map((value) => given[value]),
      ...Object.entries(sets).flatMap(([table, columns]) =>
        Object.keys(columns).map((column) => (rows[table] ?? []).map((row) => row[column])),
      ),
    ],
  };
}
