import { createHash } from 'node:crypto';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { JobExecution, PipelinePlan } from '@xx-pipeline/common';
import { trustStored } from '@xx-pipeline/common/plan';
import type { Kysely } from 'kysely';
import { LruCache } from '../../storage/LruCache.ts';
import type { Assignment, ExecutionDefinition, LockedExecution } from '../ExecutionStore.ts';
import type { ExecutionWriter } from './ExecutionWriter.ts';
import { assignmentOf, storedExecution, storedJob } from './execution-rows.ts';
import type { PlanTable, Tables } from './tables.ts';

const mebibyte = 1024 * 1024;
/** Objects take a few times the space of their JSON. */
const bytesPerCharacter = 4;

/** An execution as it was at a version. */
export interface LoadedExecution {
  readonly version: number;
  readonly locked: LockedExecution;
  /** Its record as it is stored. */
  readonly text: string;
}

/** Reads executions and caches them. A cached one is used while its version is the stored one. */
export class ExecutionLoader {
  readonly #db: Kysely<Tables>;
  readonly #writer: Pick<ExecutionWriter, 'versionOf'>;
  readonly #executions = new LruCache<LoadedExecution>(64 * mebibyte);
  readonly #plans = new LruCache<PipelinePlan>(64 * mebibyte);

  constructor(db: Kysely<Tables>, writer: Pick<ExecutionWriter, 'versionOf'>) {
    this.#db = db;
    this.#writer = writer;
  }

  /** The last known state, perhaps of an older version. */
  remembered(executionId: string): LoadedExecution | undefined {
    return this.#executions.get(executionId);
  }

  remember(loaded: LoadedExecution): void {
    const { execution } = loaded.locked;
    const jobs = execution.jobs.length * 600;
    this.#executions.set(execution.id, loaded, (loaded.text.length + jobs) * bytesPerCharacter);
  }

  forget(executionId: string): void {
    this.#executions.delete(executionId);
  }

  async isCurrent({ version, locked }: LoadedExecution): Promise<boolean> {
    return (await this.#writer.versionOf(locked.execution.id)) === version;
  }

  /** The latest, from memory where that is still true. */
  async current(executionId: string): Promise<LoadedExecution | null> {
    const remembered = this.remembered(executionId);
    if (remembered !== undefined && (await this.isCurrent(remembered))) return remembered;
    return this.load(executionId);
  }

  /** Reads it from the database; one statement, so that record and jobs are of the same version. */
  async load(executionId: string): Promise<LoadedExecution | null> {
    const rows = await this.#db
      .selectFrom('executions')
      .leftJoin('jobs', 'jobs.execution_id', 'executions.id')
      .where('executions.id', '=', executionId)
      .orderBy('jobs.position')
      .select((eb) => [
        'executions.version',
        // Once, not with every job.
        eb
          .case()
          .when(eb.or([eb('jobs.position', '=', 0), eb('jobs.position', 'is', null)]))
          .then(eb.ref('executions.record'))
          .end()
          .as('execution_record'),
        'jobs.id',
        'jobs.record',
        'jobs.eligible_at',
        'jobs.worker_id',
        'jobs.attempt',
        'jobs.token_hash',
        'jobs.accepted',
        'jobs.lease_until',
        'jobs.cancel_requested',
      ])
      .execute();
    const text = rows[0]?.execution_record;
    if (rows[0] === undefined || typeof text !== 'string') return null;
    const definition = this.remembered(executionId)?.locked.definition ?? (await this.#definition(executionId));
    const jobs: JobExecution[] = [];
    const assignments = new Map<string, Assignment>();
    for (const { id, record, eligible_at, accepted, cancel_requested, ...row } of rows) {
      if (id === null || record === null) continue;
      jobs.push(storedJob({ record, eligible_at: eligible_at ?? 0 }));
      const flags = { accepted: accepted ?? 0, cancel_requested: cancel_requested ?? 0 };
      const assignment = assignmentOf({ id, ...row, ...flags });
      if (assignment !== null) assignments.set(id, assignment);
    }
    const execution = { ...storedExecution(text), jobs };
    const loaded = { version: rows[0].version, text, locked: { execution, definition, assignments } };
    this.remember(loaded);
    return loaded;
  }

  /** The row of a plan, or null when it is known to be stored already; with the plan as it will be remembered. */
  planRow(plan: PipelinePlan): { id: string; row: PlanTable | null; plan: PipelinePlan } {
    const text = JSON.stringify(plan);
    const id = createHash('sha256').update(text).digest('hex');
    const known = this.#plans.get(id);
    if (known !== undefined) return { id, row: null, plan: known };
    return { id, row: { id, body: zstdCompressSync(text), size: text.length }, plan };
  }

  /** The plan is in the database. */
  planStored(id: string, plan: PipelinePlan, size: number): void {
    this.#plans.set(id, plan, size * bytesPerCharacter);
  }

  async #definition(executionId: string): Promise<ExecutionDefinition> {
    const row = await this.#db
      .selectFrom('definitions')
      .select(['plan_id', 'body'])
      .where('execution_id', '=', executionId)
      .executeTakeFirstOrThrow();
    const rest = JSON.parse(row.body) as Omit<ExecutionDefinition, 'plan'>;
    return { plan: this.#plans.get(row.plan_id) ?? (await this.#plan(row.plan_id)), ...rest };
  }

  async #plan(id: string): Promise<PipelinePlan> {
    const row = await this.#db.selectFrom('plans').select('body').where('id', '=', id).executeTakeFirstOrThrow();
    const text = zstdDecompressSync(row.body).toString('utf8');
    const plan = trustStored(JSON.parse(text));
    this.planStored(id, plan, text.length);
    return plan;
  }
}
