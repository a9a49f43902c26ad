import { isTerminal } from '@xx-pipeline/common';
import type { Kysely } from 'kysely';
import type { WorkerRecord, WorkerStore } from '../WorkerStore.ts';
import { SignsOfLife } from './SignsOfLife.ts';
import type { Tables, WorkerTable } from './tables.ts';

/** Workers in SQL. */
export class SqlWorkerStore implements WorkerStore {
  readonly #db: Kysely<Tables>;
  readonly #signs: SignsOfLife;
  readonly #freshMs: number;

  /**
   * A heartbeat is not written when the last one is not older than `freshMs`: a busy worker sends many a second. Must be
   * small beside the time after which a worker counts as lost, which a process that uses its identity waits for.
   */
  constructor(db: Kysely<Tables>, freshMs: number) {
    this.#db = db;
    this.#freshMs = freshMs;
    this.#signs = new SignsOfLife(db);
  }

  async register(worker: WorkerRecord, aliveSince: number): Promise<boolean> {
    const row = rowOf(worker);
    const { id: _, ...changes } = row;
    const written = await this.#db
      .insertInto('workers')
      .values(row)
      .onConflict((conflict) =>
        conflict
          .column('id')
          .doUpdateSet(changes)
          .where((eb) =>
            eb.or([eb('workers.instance_id', '=', worker.instanceId), eb('workers.last_seen_at', '<=', aliveSince)]),
          ),
      )
      .returning('id')
      .execute();
    return written.length > 0;
  }

  async seen(workerId: string, instanceId: string, at: number): Promise<'ok' | 'unknown' | 'other-instance'> {
    const known = await this.#db
      .selectFrom('workers')
      .select(['instance_id', 'last_seen_at'])
      .where('id', '=', workerId)
      .executeTakeFirst();
    if (known === undefined) return 'unknown';
    if (known.instance_id !== instanceId) return 'other-instance';
    if (Math.abs(at - known.last_seen_at) >= this.#freshMs) await this.#signs.note(workerId, instanceId, at);
    return 'ok';
  }

  async setDraining(workerId: string, draining: boolean): Promise<WorkerRecord | null> {
    const row = await this.#db
      .updateTable('workers')
      .set({ draining: draining ? 1 : 0 })
      .where('id', '=', workerId)
      .returningAll()
      .executeTakeFirst();
    return row === undefined ? null : recordOf(row);
  }

  async list(): Promise<{ worker: WorkerRecord; busy: number }[]> {
    const rows = await this.#db
      .selectFrom('workers')
      .leftJoin(
        (eb) =>
          eb
            .selectFrom('jobs')
            .select((inner) => ['worker_id', inner.fn.countAll<number>().as('busy')])
            .where('worker_id', 'is not', null)
            .groupBy('worker_id')
            .as('held'),
        (join) => join.onRef('held.worker_id', '=', 'workers.id'),
      )
      .selectAll('workers')
      .select('held.busy')
      .orderBy('workers.id')
      .execute();
    return rows.map(({ busy, ...row }) => ({ worker: recordOf(row), busy: busy ?? 0 }));
  }

  async reserve(executionId: string, workerId: string): Promise<void> {
    await this.#db
      .insertInto('reservations')
      .values({ execution_id: executionId, worker_id: workerId })
      .onConflict((conflict) => conflict.column('execution_id').doUpdateSet({ worker_id: workerId }))
      .execute();
  }

  async reservations(): Promise<{ executionId: string; workerId: string }[]> {
    const rows = await this.#db
      .selectFrom('reservations')
      .leftJoin('executions', 'executions.id', 'reservations.execution_id')
      .select(['execution_id', 'worker_id', 'executions.status'])
      .execute();
    const isOver = ({ status }: (typeof rows)[number]) => status === null || isTerminal(status);
    const over = rows.filter(isOver).map(({ execution_id }) => execution_id);
    if (over.length > 0) await this.#db.deleteFrom('reservations').where('execution_id', 'in', over).execute();
    return rows
      .filter((row) => !isOver(row))
      .map(({ execution_id, worker_id }) => ({ executionId: execution_id, workerId: worker_id }));
  }

  async forget(before: number): Promise<void> {
    await this.#db
      .deleteFrom('workers')
      .where('last_seen_at', '<', before)
      .where((eb) =>
        eb.not(eb.exists(eb.selectFrom('jobs').select('jobs.id').whereRef('jobs.worker_id', '=', 'workers.id'))),
      )
      .execute();
  }
}

function rowOf(worker: WorkerRecord): WorkerTable {
  return {
    id: worker.id,
    instance_id: worker.instanceId,
    name: worker.name,
    url: worker.url,
    push_token: worker.pushToken,
    slots: worker.slots,
    labels: JSON.stringify(worker.labels),
    version: worker.version,
    draining: worker.draining ? 1 : 0,
    last_seen_at: worker.lastSeenAt,
  };
}

function recordOf(row: WorkerTable): WorkerRecord {
  return {
    id: row.id,
    instanceId: row.instance_id,
    name: row.name,
    url: row.url,
    pushToken: row.push_token,
    slots: row.slots,
    labels: JSON.parse(row.labels) as string[],
    version: row.version,
    draining: row.draining === 1,
    lastSeenAt: row.last_seen_at,
  };
}
