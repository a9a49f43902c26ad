import { createHash, randomUUID } from 'node:crypto';
import type { ExecutionStatus, JobRequest, JobStatusUpdate } from '@xx-pipeline/common';
import { backendRoutes, decodeLogFrames } from '@xx-pipeline/common/api';
import { type Caller, type Handlers, HttpProblem, HttpServer } from '@xx-pipeline/service';
import { jobRequest } from '@xx-pipeline/testing';
import { z } from 'zod';

const routes = {
  getJobDependencies: backendRoutes.getJobDependencies,
  getJobStatus: backendRoutes.getJobStatus,
  updateJobStatus: backendRoutes.updateJobStatus,
  appendLog: backendRoutes.appendLog,
  uploadArtifact: backendRoutes.uploadArtifact,
  downloadArtifacts: backendRoutes.downloadArtifacts,
  downloadSnapshot: backendRoutes.downloadSnapshot,
  reserveExecution: backendRoutes.reserveExecution,
  registerWorker: backendRoutes.registerWorker,
  heartbeat: backendRoutes.heartbeat,
  // Unchecked: a backend of another version may send what this one would not.
  pollJobs: { ...backendRoutes.pollJobs, responses: { 200: z.unknown() } },
  drainWorker: backendRoutes.drainWorker,
} as const;

/** What happens to a call: carried out and answered; carried out, answer lost; refused by a server in trouble; cut. */
export type Fate = 'ok' | 'answer lost' | '503' | 'cut';
type Operation = keyof typeof routes;

/** A job as the test's backend knows it. */
export class BackendJob {
  readonly jobId = randomUUID();
  readonly updates: JobStatusUpdate[] = [];
  attempt = 1;
  token = `xxj_${randomUUID().replaceAll('-', '')}`;
  status: ExecutionStatus = 'PENDING';
  log = Buffer.alloc(0);
  readonly streams = { stdout: '', stderr: '', runner: '' };
  artifact = Buffer.alloc(0);
  artifactDone = false;
  needs: BackendJob[] = [];
  cancelRequested = false;
  /** Heartbeats that named it. */
  beats = 0;

  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  request(more: Partial<JobRequest> = {}): JobRequest {
    return jobRequest({
      jobId: this.jobId,
      jobName: this.name,
      script: ['print hello'],
      attempt: this.attempt,
      token: this.token,
      ...(this.needs.length === 0
        ? {}
        : { needs: this.needs.map((job) => ({ jobId: job.jobId, jobName: job.name, artifacts: true })) }),
      ...more,
    });
  }

  /** The job is another's now. */
  takeAway(): void {
    this.attempt++;
    this.token = `xxj_${randomUUID().replaceAll('-', '')}`;
  }

  get statuses(): string[] {
    return this.updates.map((update) => update.status);
  }

  get isOver(): boolean {
    return ['SUCCESS', 'FAILED', 'CANCELED', 'SKIPPED'].includes(this.status);
  }
}

/** The backend's side of the contract, in memory, behind real HTTP, with a bad network in between where a test wants one. */
export class TestBackend implements AsyncDisposable {
  readonly workerToken = `xxw_${randomUUID()}`;
  readonly jobs = new Map<string, BackendJob>();
  readonly snapshots = new Map<string, Buffer>();
  readonly calls: Operation[] = [];
  fate: (operation: Operation, count: number) => Fate = () => 'ok';
  heartbeatSeconds = 0.05;
  leaseSeconds = 45;
  onlyBackend = false;
  worker: { workerId: string; instanceId: string; url?: string; pushToken?: string } | null = null;
  /** Runs that were reserved. */
  reserved: string[] = [];
  pending: JobRequest[] = [];
  drained = false;
  /** The next poll asks for a heartbeat. */
  nudges = false;
  snapshotDownloads = 0;
  readonly #counts = new Map<string, number>();
  #server = this.#makeServer();
  #url = '';
  #waiters: { condition: () => boolean; resolve: () => void }[] = [];

  static async start(): Promise<TestBackend> {
    const backend = new TestBackend();
    backend.#url = await backend.#server.listen({ host: '127.0.0.1', port: 0 });
    return backend;
  }

  get url(): string {
    return this.#url;
  }

  job(name = 'job'): BackendJob {
    const job = new BackendJob(name);
    this.jobs.set(job.jobId, job);
    return job;
  }

  /** Resolves when something is true, looked at after every call. */
  until(condition: () => boolean, what = 'the condition'): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`waited a minute for ${what}`)), 60_000);
      this.#waiters.push({
        condition,
        resolve: () => {
          clearTimeout(late);
          resolve();
        },
      });
    });
  }

  over(job: BackendJob): Promise<void> {
    return this.until(() => job.isOver, `the end of ${job.name}, which is ${job.status}`);
  }

  /** Ends, and starts again at the same address later. */
  async stop(): Promise<void> {
    this.#server.app.server.closeAllConnections();
    await this.#server.close();
  }

  async restart(): Promise<void> {
    this.#server = this.#makeServer();
    await this.#server.listen({ host: '127.0.0.1', port: Number(new URL(this.#url).port) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #changed(): void {
    this.#waiters = this.#waiters.filter(({ condition, resolve }) => {
      if (!condition()) return true;
      resolve();
      return false;
    });
  }

  #makeServer(): HttpServer {
    const server = new HttpServer();
    const operationOf = (method: string, url: string) =>
      (Object.entries(routes).find(
        ([, route]) => route.method === method && route.path.replaceAll(/\{(\w+)\}/g, ':$1') === url,
      )?.[0] ?? 'heartbeat') as Operation;
    server.app.addHook('onRequest', async (request, reply) => {
      const operation = operationOf(request.method, request.routeOptions.url ?? '');
      const count = (this.#counts.get(operation) ?? 0) + 1;
      this.#counts.set(operation, count);
      this.calls.push(operation);
      const fate = this.fate(operation, count);
      if (fate === 'cut') request.raw.socket.destroy();
      if (fate === 'answer lost') Object.assign(reply, { lost: true });
      if (fate === '503') throw new HttpProblem('unavailable', 'a server in trouble');
    });
    server.app.addHook('onSend', async (request, reply) => {
      if (!('lost' in reply)) return;
      request.raw.socket.destroy();
      setImmediate(() => this.#changed());
    });
    server.app.addHook('onResponse', async () => this.#changed());
    server.serve(routes, this.#handlers(), {
      authenticate: async (token): Promise<Caller | null> => {
        if (token === this.workerToken) return { kind: 'worker', name: 'w' };
        return token.startsWith('xxj_') ? { kind: 'job', token } : null;
      },
      failed: (operation, error) => {
        throw new Error(`${operation}: ${String(error)}`);
      },
      checkAnswers: true,
    });
    return server;
  }

  #find(jobId: string): BackendJob {
    const job = this.jobs.get(jobId);
    if (job === undefined) throw new HttpProblem('not_found', 'no such job');
    return job;
  }

  #own(jobId: string, caller: Caller): BackendJob {
    const job = this.#find(jobId);
    if (caller.kind === 'job' && caller.token !== job.token) throw new HttpProblem('stale_attempt', 'taken away');
    return job;
  }

  #append(job: BackendJob, from: number, bytes: Buffer): void {
    const chunks = decodeLogFrames(bytes);
    if (chunks === null) throw new HttpProblem('bad_request', 'no frames');
    let offset = from;
    if (offset > job.log.length) {
      throw new HttpProblem('offset_gap', 'bytes are missing', { nextOffset: job.log.length });
    }
    for (const chunk of chunks) {
      const fresh = Buffer.from(chunk.bytes.subarray(Math.max(0, job.log.length - offset)));
      offset += chunk.bytes.length;
      job.log = Buffer.concat([job.log, fresh]);
      job.streams[chunk.stream] += fresh.toString('latin1');
    }
  }

  #alive(beat: { workerId: string; instanceId: string }): void {
    if (this.worker?.workerId !== beat.workerId) throw new HttpProblem('not_found', 'not registered');
    if (this.worker.instanceId !== beat.instanceId) throw new HttpProblem('conflict', 'another process is this worker');
  }

  #handlers(): Handlers<typeof routes> {
    return {
      getJobDependencies: async ({ params }) => ({
        status: 200,
        body: {
          dependencies: this.#find(params.jobId).needs.map(({ jobId, name, status }) => {
            return { jobId, jobName: name, status, allowFailure: false };
          }),
        },
      }),
      getJobStatus: async ({ params }) => {
        const { jobId, status, attempt } = this.#find(params.jobId);
        return { status: 200, body: { jobId, status, attempt } };
      },
      updateJobStatus: async ({ body, caller }) => {
        const job = this.#own(body.jobId, caller);
        if (job.isOver && job.status !== body.status) throw new HttpProblem('conflict', `it is ${job.status} already`);
        const { log, ...update } = body;
        if (log !== undefined && !job.isOver) this.#append(job, log.offset, Buffer.from(log.frames, 'base64'));
        job.updates.push(update);
        job.status = body.status;
        return { status: 200, body: { jobId: job.jobId, status: job.status } };
      },
      appendLog: async ({ params, query, body, caller }) => {
        const bytes = await collect(body);
        const job = this.#own(params.jobId, caller);
        if (job.isOver) throw new HttpProblem('conflict', 'log bytes after the end');
        this.#append(job, query.offset, bytes);
        return { status: 200, body: { nextOffset: job.log.length } };
      },
      uploadArtifact: async ({ query, body, caller }) => {
        const job = this.#own(query.jobId, caller);
        if (job.isOver) throw new HttpProblem('conflict', 'an archive after the end');
        if (query.offset > job.artifact.length) {
          throw new HttpProblem('offset_gap', 'bytes are missing', { nextOffset: job.artifact.length });
        }
        const bytes = await collect(body);
        job.artifact = Buffer.concat([job.artifact.subarray(0, query.offset), bytes]);
        job.artifactDone = job.artifact.length === query.size;
        const digest = createHash('sha256').update(job.artifact).digest('hex');
        if (job.artifactDone && digest !== query.sha256) throw new HttpProblem('checksum_mismatch', 'other bytes');
        return { status: 200, body: { complete: job.artifactDone, nextOffset: job.artifact.length } };
      },
      downloadArtifacts: async ({ params }) => {
        const job = this.#find(params.jobId);
        if (!job.artifactDone) throw new HttpProblem('not_found', 'it kept none');
        return { status: 200, body: inPieces(job.artifact) };
      },
      downloadSnapshot: async ({ params }) => {
        this.snapshotDownloads++;
        const archive = this.snapshots.get(params.sha256);
        if (archive === undefined) throw new HttpProblem('not_found', 'no such tree');
        return { status: 200, body: inPieces(archive) };
      },
      reserveExecution: async ({ params, body }) => {
        this.#alive(body);
        this.reserved.push(params.id);
        return { status: 200, body: { pipelineExecutionId: params.id, jobs: 4 } };
      },
      registerWorker: async ({ body }) => {
        if (this.worker !== null && ![body.instanceId, body.previousInstanceId].includes(this.worker.instanceId)) {
          throw new HttpProblem('conflict', 'another live process has this identity');
        }
        this.worker = body;
        const { heartbeatSeconds, leaseSeconds, onlyBackend } = this;
        return { status: 200, body: { workerId: body.workerId, heartbeatSeconds, leaseSeconds, onlyBackend } };
      },
      heartbeat: async ({ body }) => {
        this.#alive(body);
        const lost = [];
        const cancel = [];
        for (const { jobId, attempt, token } of body.attempts) {
          const job = this.jobs.get(jobId);
          if (job === undefined || job.token !== token) lost.push({ jobId, attempt, reason: 'taken away' });
          else if (job.cancelRequested) cancel.push({ jobId, attempt });
          if (job !== undefined) job.beats++;
        }
        return { status: 200, body: { lost, cancel } };
      },
      pollJobs: async ({ body }) => {
        this.#alive(body);
        const isNothing = this.pending.length === 0 || body.freeSlots === 0;
        if (isNothing && !this.nudges) await new Promise((resolve) => setTimeout(resolve, 20));
        const heartbeat = this.nudges;
        this.nudges = false;
        return { status: 200, body: { jobs: this.pending.splice(0, body.freeSlots), heartbeat } };
      },
      drainWorker: async ({ params }) => {
        this.drained = true;
        const { workerId } = params;
        const facts = { name: 'w', url: null, slots: 1, busy: 0, labels: [], version: '1', lastSeenAt: '' };
        return { status: 200, body: { id: workerId, ...facts, state: 'draining' as const } };
      },
    };
  }
}

async function collect(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of body) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function* inPieces(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += 10_000) yield bytes.subarray(start, start + 10_000);
}
