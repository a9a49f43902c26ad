import { DatabaseSync } from 'node:sqlite';
import pg from 'pg';

// One real run of the bench is copied, all its rows, with ids of its own that sort by time as real ones do. Only the
// making of ids differs between databases.

const perTransaction = 5_000;

/** The expressions that differ; `n.i` is the number of the copy. */
interface Dialect {
  readonly numbers: (from: number, to: number) => string;
  /** An id from two numbers that sorts by the first. */
  readonly id: (number: string, place: string) => string;
  readonly position: (text: string, part: string) => string;
}

const sqlite: Dialect = {
  numbers: (from, to) =>
    `(with recursive n(i) as (select ${from} union all select i + 1 from n where i < ${to}) select i from n) n`,
  id: (number, place) =>
    `printf('0190%04x-%04x-7%03x-8000-%012x', ${number} >> 16, ${number} & 65535, ${place}, ${number})`,
  position: (text, part) => `instr(${text}, ${part})`,
};

const postgres: Dialect = {
  numbers: (from, to) => `(select i from generate_series(${from}, ${to}) i) n`,
  id: (number, place) =>
    `'0190' || lpad(to_hex(${number} >> 16), 4, '0') || '-' || lpad(to_hex(${number} & 65535), 4, '0') || '-7'
      || lpad(to_hex(${place}), 3, '0') || '-8000-' || lpad(to_hex(${number}), 12, '0')`,
  position: (text, part) => `position(${part} in ${text})`,
};

/** Adds copies number `from` to `to` of an execution to a database that nobody else uses now. */
export async function fillHistory(url: string, executionId: string, from: number, to: number): Promise<void> {
  if (url.startsWith('sqlite:')) {
    const database = new DatabaseSync(url.slice('sqlite:'.length));
    database.exec('pragma synchronous = off; pragma temp_store = memory');
    for (const statement of statements(sqlite, executionId, from, to)) database.exec(statement);
    database.exec('pragma wal_checkpoint(truncate)');
    database.close();
    return;
  }
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('set synchronous_commit = off');
  for (const statement of statements(postgres, executionId, from, to)) await client.query(statement);
  await client.query('vacuum analyze');
  await client.query('checkpoint');
  await client.end();
}

function* statements({ numbers, id, position }: Dialect, execution: string, from: number, to: number) {
  yield `create temporary table old_jobs as select * from jobs where execution_id = '${execution}'`;
  yield `create temporary table old_events as
    select e.*, (select j.id from old_jobs j where ${position('e.data', 'j.id')} > 0) as job_id,
      (select j.position from old_jobs j where ${position('e.data', 'j.id')} > 0) as position
    from events e where execution_id = '${execution}'`;
  const own = id('n.i', '0');
  const jobOf = (table: string) => id('n.i', `(${table}.position + 1)`);
  const renamed = (text: string) => `replace(${text}, '${execution}', ${own})`;
  for (let first = from; first <= to; first += perTransaction) {
    const last = Math.min(to, first + perTransaction - 1);
    const n = numbers(first, last);
    yield 'begin';
    yield `insert into executions (id, version, repository, pipeline, run_number, status, created_at, record)
      select ${own}, version, repository, pipeline, 10000000 + n.i, status, created_at - 10000000000 + n.i * 1000,
        ${renamed('record')}
      from executions cross join ${n} where id = '${execution}' order by n.i`;
    yield `insert into definitions (execution_id, plan_id, body)
      select ${own}, plan_id, body from definitions cross join ${n} where execution_id = '${execution}' order by n.i`;
    yield `insert into jobs (id, execution_id, position, repository, tags, status, eligible_at, record, accepted,
        cancel_requested)
      select ${jobOf('o')}, ${own}, o.position, o.repository, o.tags, o.status, o.eligible_at,
        replace(${renamed('o.record')}, o.id, ${jobOf('o')}), 0, 0
      from old_jobs o cross join ${n} order by n.i, o.position`;
    yield `insert into events (execution_id, type, data, at)
      select ${own}, o.type, case when o.job_id is null then ${renamed('o.data')}
          else replace(${renamed('o.data')}, o.job_id, ${jobOf('o')}) end, o.at
      from old_events o cross join ${n} order by n.i, o.id`;
    yield 'commit';
  }
  yield 'drop table old_jobs';
  yield 'drop table old_events';
}
