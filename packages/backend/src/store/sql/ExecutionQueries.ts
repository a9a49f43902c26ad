import { type Kysely, sql } from 'kysely';
import type { Assignment, ExecutionEvent, ExecutionFilter, ExecutionSummary } from '../ExecutionStore.ts';
import { assignmentOf, storedExecution } from './execution-rows.ts';
import { decodeCursor, encodeCursor } from './list-cursor.ts';
import type { Tables } from './tables.ts';

/** The reading side of executions: the same statements on both databases. */
export class ExecutionQueries {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  async list(filter: ExecutionFilter): Promise<{ executions: ExecutionSummary[]; nextCursor: string | null }> {
    const { repository, pipeline, run, status, limit } = filter;
    const after = filter.cursor === undefined ? null : decodeCursor(filter.cursor);
    let query = this.#db
      .selectFrom('executions')
      .select(['id', 'created_at', 'record'])
      .orderBy('created_at', 'desc')
      .orderBy('id', 'desc')
      .limit(limit + 1);
    if (repository !== undefined) query = query.where('repository', '=', repository);
    if (pipeline !== undefined) query = query.where('pipeline', '=', pipeline);
    if (run !== undefined) query = query.where('run_number', '=', run);
    if (status !== undefined) query = query.where('status', '=', status);
    if (after !== null) {
      query = query.where((eb) => eb(eb.refTuple('created_at', 'id'), '<', eb.tuple(after.createdAt, after.id)));
    }
    const rows = await query.execute();
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    return {
      executions: page.map(({ record }) => {
        const { stages: _, ...summary } = storedExecution(record);
        return summary;
      }),
      nextCursor: rows.length > limit && last !== undefined ? encodeCursor(last.created_at, last.id) : null,
    };
  }

  async expiredAssignments(now: number): Promise<{ executionId: string; assignment: Assignment }[]> {
    const rows = await this.#assigned().where('lease_until', '<=', now).orderBy('lease_until').execute();
    return rows.flatMap(withExecution);
  }

  async assignmentsOf(workerId: string): Promise<{ executionId: string; assignment: Assignment }[]> {
    const rows = await this.#assigned().where('worker_id', '=', workerId).execute();
    return rows.flatMap(withExecution);
  }

  async liveExecutions(): Promise<string[]> {
    const rows = await this.#db
      .selectFrom('executions')
      .select('id')
      // Literals: the partial index is only used for them.
      .where(sql<boolean>`status in ('CREATED', 'PENDING', 'RUNNING')`)
      .orderBy('id')
      .execute();
    return rows.map(({ id }) => id);
  }

  async eventsAfter(
    executionId: string,
    after: number,
    limit: number,
  ): Promise<{ id: number; event: ExecutionEvent; at: number }[]> {
    const rows = await this.#db
      .selectFrom('events')
      .select(['id', 'type', 'data', 'at'])
      .where('execution_id', '=', executionId)
      .where('id', '>', after)
      .orderBy('id')
      .limit(limit)
      .execute();
    return rows.map(({ id, type, data, at }) => ({ id, at, event: { type, data: JSON.parse(data) } }));
  }

  #assigned() {
    return this.#db
      .selectFrom('jobs')
      .select([
        'execution_id',
        'id',
        'worker_id',
        'attempt',
        'token_hash',
        'accepted',
        'lease_until',
        'cancel_requested',
      ])
      .where('worker_id', 'is not', null);
  }
}

function withExecution(
  row: Parameters<typeof assignmentOf>[0] & { execution_id: string },
): { executionId: string; assignment: Assignment }[] {
  const assignment = assignmentOf(row);
  return assignment === null ? [] : [{ executionId: row.execution_id, assignment }];
}
