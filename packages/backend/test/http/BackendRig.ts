import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningBackend, startBackend } from '@xx-pipeline/backend';
import type { JobPlan, JobRequest } from '@xx-pipeline/common';
import { systemClock } from '@xx-pipeline/common';
import { type ApiClient, ApiProblem, backendRoutes, createApiClient } from '@xx-pipeline/common/api';
import { createServiceLog } from '@xx-pipeline/service';
import { NodeTransport } from '@xx-pipeline/service/http';
import { jobPlan, testPlan } from '@xx-pipeline/testing';

export type Client = ApiClient<typeof backendRoutes>;

/** A backend over real HTTP and a real database in a directory of its own, with people and workers that call it. */
export class BackendRig {
  readonly directory: string;
  /** What the backend has logged. */
  readonly logged: string[] = [];
  backend!: RunningBackend;
  personToken = '';
  workerToken = '';
  #transports: NodeTransport[] = [];

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async start(): Promise<BackendRig> {
    const rig = new BackendRig(await mkdtemp(join(tmpdir(), 'xx-backend-')));
    await rig.#open(0);
    rig.personToken = await rig.backend.createToken('person', 'me');
    rig.workerToken = await rig.backend.createToken('worker', 'build');
    return rig;
  }

  get url(): string {
    return this.backend.url;
  }

  get person(): Client {
    return this.client(this.personToken);
  }

  get worker(): Client {
    return this.client(this.workerToken);
  }

  client(token: string | null): Client {
    const transport = new NodeTransport({ baseUrl: this.url });
    this.#transports.push(transport);
    return createApiClient(backendRoutes, { transport, token });
  }

  /** Stops the backend and starts it again at the same address. */
  async restart(): Promise<void> {
    const { port } = new URL(this.url);
    await this.backend.close();
    await this.#open(Number(port));
  }

  async close(): Promise<void> {
    for (const transport of this.#transports) transport.close();
    await this.backend.close();
    await rm(this.directory, { recursive: true, force: true });
  }

  async #open(port: number): Promise<void> {
    this.backend = await startBackend({
      database: `sqlite:${join(this.directory, 'xx.sqlite')}`,
      stateDirectory: this.directory,
      listen: { host: '127.0.0.1', port },
      version: '0.0.0-test',
      log: createServiceLog({ write: (line: string) => this.logged.push(line) }, systemClock),
      checkAnswers: true,
    });
  }

  /** Makes a run of these jobs. */
  async run(...jobs: readonly JobPlan[]) {
    return (await this.person.createExecution({ body: executionOf(...jobs) })).body;
  }

  /** A run whose only job has been started by a worker. */
  async startJob(): Promise<{ worker: TestWorker; taken: Awaited<ReturnType<TestWorker['start']>> }> {
    await this.run(job('a'));
    const worker = await this.registerWorker();
    return { worker, taken: await worker.start() };
  }

  /** A registered worker that asks for jobs. */
  async registerWorker(name = 'w', slots = 10): Promise<TestWorker> {
    const worker = new TestWorker(this.worker, name, slots);
    await worker.register();
    return worker;
  }
}

/** A worker by hand: takes jobs over the API and tells of them as the test says. */
export class TestWorker {
  readonly workerId = randomUUID();
  readonly instanceId = randomUUID();
  readonly #client: Client;
  readonly #name: string;
  readonly #slots: number;

  constructor(client: Client, name: string, slots: number) {
    this.#client = client;
    this.#name = name;
    this.#slots = slots;
  }

  async register(): Promise<void> {
    const { workerId, instanceId } = this;
    await this.#client.registerWorker({
      body: { workerId, instanceId, name: this.#name, slots: this.#slots, version: '0.0.0-test' },
    });
  }

  /** Waits for jobs; fails the test when none comes. */
  async take(): Promise<Taken> {
    const { workerId, instanceId } = this;
    const deadline = Date.now() + 20_000;
    while (Date.now() < deadline) {
      const { body } = await this.#client.pollJobs({ body: { workerId, instanceId, freeSlots: 1, waitSeconds: 5 } });
      const [job] = body.jobs;
      if (job !== undefined) return { ...job, token: job.token ?? '' };
    }
    assert.fail('no job came');
  }

  async start(): Promise<Taken> {
    const job = await this.take();
    await this.tell(job, { status: 'RUNNING' });
    return job;
  }

  async tell(job: Taken, update: Omit<Parameters<Client['updateJobStatus']>[0]['body'], 'jobId'>): Promise<void> {
    const { jobId, attempt, token } = job;
    await this.#client.updateJobStatus({ body: { jobId, attempt, token, ...update } }, { token });
  }
}

/** A job a worker was given. */
export type Taken = JobRequest & { readonly attempt: number; readonly token: string };

/** A request to run these jobs. */
export function executionOf(...jobs: readonly JobPlan[]) {
  return {
    pipeline: 'test',
    plan: testPlan(...jobs),
    source: { kind: 'empty' },
    sourceInfo: { repository: 'file:///repository', branch: 'main', commit: null, dirty: false },
  } as const;
}

/** A job with nothing special, but for what is given. */
export const job = (name: string, special: Partial<JobPlan> = {}): JobPlan => jobPlan(name, 'test', special);

/** Runs a test with a backend of its own. */
export const withBackend = (use: (rig: BackendRig) => Promise<void>) => async (): Promise<void> => {
  const rig = await BackendRig.start();
  try {
    await use(rig);
  } finally {
    await rig.close();
  }
};

/** The problem a call is answered with. */
export async function problemOf(call: Promise<unknown>) {
  const error = await call.then(
    () => assert.fail('the call was taken'),
    (reason: unknown) => reason,
  );
  assert(error instanceof ApiProblem, String(error));
  return error.problem;
}

export const sha256 = (bytes: string | Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** All bytes of an answer as text. */
export async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  return Buffer.concat(await Array.fromAsync(body)).toString();
}
