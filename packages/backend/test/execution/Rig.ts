import assert from 'node:assert/strict';
import type { JobPlan, JobRequest, PipelineExecution, Result } from '@xx-pipeline/common';
import type { Problem } from '@xx-pipeline/common/api';
import { ManualClock, testPlan } from '@xx-pipeline/testing';
import { createExecutionServices, type ExecutionServices } from '../../src/execution/create-execution-services.ts';
import type { CreateExecution } from '../../src/execution/PipelineExecutionService.ts';
import { defaultLeases } from '../../src/leases.ts';
import type { Stores } from '../../src/open-stores.ts';
import { createScheduling, type Scheduling } from '../../src/scheduling/create-scheduling.ts';
import type { PushAnswer, WorkerClient } from '../../src/scheduling/WorkerClient.ts';
import { createSecretBox } from '../../src/secrets/open-secret-box.ts';
import { type MakeDatabase, makeSqlite, type TestDatabase } from '../store/databases.ts';

/** A worker as the backend's client meets it. */
export interface WorkerEnd {
  push(request: JobRequest): PushAnswer | Promise<PushAnswer>;
  cancel?(jobId: string, attempt: number): void;
}

/** One backend's services over stores that it may share. */
export interface Backend {
  readonly stores: Stores;
  readonly services: ExecutionServices;
  readonly scheduling: Scheduling;
}

const key = Buffer.alloc(32, 7);

/** A person with a token. */
export const alice = { kind: 'person', name: 'alice' } as const;

/** Services over a real SQLite database, with time that stands still and workers that are objects. */
export class Rig implements AsyncDisposable {
  readonly clock = new ManualClock(Date.parse('2026-01-01T00:00:00Z'));
  readonly errors: unknown[] = [];
  readonly workers = new Map<string, WorkerEnd>();
  readonly database: TestDatabase;
  backends: Backend[] = [];
  #ids = 0;

  private constructor(database: TestDatabase) {
    this.database = database;
  }

  static async open(backends = 1, makeDatabase: MakeDatabase = makeSqlite): Promise<Rig> {
    const rig = new Rig(await makeDatabase());
    for (let number = 0; number < backends; number++) {
      const stores = await rig.database.open(rig.clock);
      rig.backends.push(rig.#compose(stores));
    }
    return rig;
  }

  /** The first backend. */
  get main(): Backend {
    const [first] = this.backends;
    if (first === undefined) throw new Error('no backend');
    return first;
  }

  get jobs() {
    return this.main.services.jobs;
  }

  get queries() {
    return this.main.services.queries;
  }

  get access() {
    return this.main.services.access;
  }

  get pipelines() {
    return this.main.services.pipelines;
  }

  /** A backend forgets all that is not in the database. */
  async restart(number = 0): Promise<void> {
    const old = this.backends[number];
    if (old === undefined) throw new Error('no such backend');
    await old.scheduling.scheduler.settled();
    this.backends = this.backends.with(number, this.#compose(old.stores));
  }

  /** Ids that count up, in the form of version 7. */
  id(): string {
    const number = (this.#ids++).toString(16).padStart(8, '0');
    return `${number}-0000-7000-8000-000000000000`;
  }

  async run(...jobs: readonly JobPlan[]): Promise<PipelineExecution> {
    return ok(await this.pipelines.createPipelineExecution(input(...jobs), alice, null)).execution;
  }

  async execution(id: string): Promise<PipelineExecution> {
    return ok(await this.pipelines.getExecution(id));
  }

  async job(executionId: string, name: string) {
    const job = (await this.execution(executionId)).jobs.find((one) => one.name === name);
    if (job === undefined) throw new Error(`no job ${name}`);
    return job;
  }

  /** A registered worker whose pushes end at `end`; without one it polls. */
  async worker(end: WorkerEnd | null, special: { slots?: number; labels?: string[]; name?: string } = {}) {
    const worker = { workerId: this.id(), instanceId: this.id() };
    const url = end === null ? {} : { url: `http://${worker.workerId}.test`, pushToken: 'a-token-for-pushing' };
    const { slots = 4, labels = [], name = 'w' } = special;
    if (end !== null) this.workers.set(worker.workerId, end);
    ok(await this.main.scheduling.registry.register({ ...worker, ...url, name, slots, labels, version: '1' }));
    return worker;
  }

  /** A worker that takes every job, and what it was given. */
  async willing(special: { slots?: number; labels?: string[]; name?: string } = {}) {
    const taken: JobRequest[] = [];
    const canceled: { jobId: string; attempt: number }[] = [];
    const worker = await this.worker(
      {
        push: (request) => {
          taken.push(request);
          return { kind: 'accepted' };
        },
        cancel: (jobId, attempt) => canceled.push({ jobId, attempt }),
      },
      special,
    );
    return { ...worker, taken, canceled };
  }

  /** One look of the scheduler, and all that follows from it. */
  async schedule(number = 0): Promise<void> {
    const scheduler = this.backends[number]?.scheduling.scheduler;
    await scheduler?.schedule();
    await scheduler?.settled();
  }

  /** Time passes with sweeping, as it does in a running backend. */
  async pass(seconds: number): Promise<void> {
    for (let left = seconds; left > 0; left -= 5) {
      await this.clock.advance(Math.min(5, left) * 1000);
      for (const { scheduling } of this.backends) await scheduling.sweep();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { scheduling } of this.backends) await scheduling.scheduler.settled();
    await this.database[Symbol.asyncDispose]();
    assert.deepEqual(this.errors, []);
  }

  #compose(stores: Stores): Backend {
    const { clock, errors } = this;
    const secrets = createSecretBox(key);
    const server = { publicUrl: 'https://ci.example', version: '1.2.3' };
    const services = createExecutionServices({
      ...{ stores, secrets, clock, server, leases: defaultLeases },
      ids: { next: () => this.id() },
      hints: { wakeups: stores.wakeups, tellCancel: (cancels) => scheduling.tellCancel(cancels) },
    });
    const client: WorkerClient = {
      notifyWorkerJobAssigned: async ({ url }, request) => this.#end(url).push(structuredClone(request)),
      cancelJob: async ({ url }, { jobId, attempt }) => {
        this.#end(url).cancel?.(jobId, attempt);
        return true;
      },
      close: () => {},
    };
    const onError = (error: unknown) => errors.push(error);
    const scheduling = createScheduling({
      ...{ stores, services, clock, client, onError, leases: defaultLeases },
      request: { secrets, server },
    });
    return { stores, services, scheduling };
  }

  #end(url: string): WorkerEnd {
    const id = new URL(url).hostname.replace(/\.test$/, '');
    return this.workers.get(id) ?? { push: () => ({ kind: 'refused', reason: 'nothing listens there' }) };
  }
}

/** The value of what must not have been refused. */
export function ok<T>(result: Result<T, Problem>): T {
  assert(result.ok, `refused: ${result.ok ? '' : JSON.stringify(result.error)}`);
  return result.value;
}

/** The code of what must have been refused. */
export function code(result: Result<unknown, Problem>): string {
  assert(!result.ok, `not refused: ${JSON.stringify(result)}`);
  return result.error.code;
}

/** A request to run these jobs. */
export function input(...jobs: readonly JobPlan[]): CreateExecution {
  return {
    pipeline: 'p',
    plan: testPlan(...jobs),
    source: { kind: 'empty' },
    sourceInfo: { repository: 'https://git.example/a/b', branch: 'main', commit: null, dirty: false },
    predefined: {},
    variables: [],
    trigger: 'api',
    playedJobs: [],
  };
}
