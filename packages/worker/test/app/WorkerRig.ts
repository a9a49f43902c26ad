import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApiClient, workerRoutes } from '@xx-pipeline/common/api';
import { NodeTransport } from '@xx-pipeline/service/http';
import { type StartedWorker, type StartWorkerOptions, startWorker } from '../../src/app/index.ts';
import { TestBackend } from './TestBackend.ts';

const silent = { info: () => {}, warn: () => {}, error: () => {} };

/** A worker over the scripted executor, its backend, and a client of it; removed with all they made. */
export class WorkerRig implements AsyncDisposable {
  readonly backend: TestBackend;
  readonly directory: string;
  worker: StartedWorker | null = null;
  #transport: NodeTransport | null = null;

  private constructor(backend: TestBackend, directory: string) {
    this.backend = backend;
    this.directory = directory;
  }

  /** Without a worker yet. */
  static async make(): Promise<WorkerRig> {
    return new WorkerRig(await TestBackend.start(), await mkdtemp(join(tmpdir(), 'xx-worker-')));
  }

  /** With one that jobs are pushed to. */
  static async start(options: Partial<StartWorkerOptions> = {}): Promise<WorkerRig> {
    const rig = await WorkerRig.make();
    await rig.startWorker(options);
    return rig;
  }

  get state(): string {
    return join(this.directory, 'state');
  }

  /** How a worker of this rig is started, here or in a process of its own. */
  get workerOptions() {
    return {
      stateDirectory: this.state,
      backendUrl: this.backend.url,
      token: this.backend.workerToken,
      listen: { host: '127.0.0.1', port: 0 },
      version: '1',
      retryPauses: [5, 50] as const,
      executor: 'scripted' as const,
    };
  }

  async startWorker(options: Partial<StartWorkerOptions> = {}): Promise<StartedWorker> {
    this.worker = await startWorker({
      ...this.workerOptions,
      slots: 4,
      farewellSeconds: 5,
      log: process.env['XX_TEST_LOG'] === undefined ? silent : console,
      ...options,
    });
    return this.worker;
  }

  /** How many attempts are kept there. */
  async attemptsOnDisk(): Promise<number> {
    const folders = await readdir(join(this.state, 'attempts'));
    const sizes = await Promise.all(
      folders.map(async (name) => {
        // It may go in this moment.
        return await stat(join(this.state, 'attempts', name, 'journal')).then(
          ({ size }) => size,
          () => 0,
        );
      }),
    );
    return sizes.filter((size) => size > 0).length;
  }

  /** The worker's API. */
  get api() {
    this.#transport ??= new NodeTransport({ baseUrl: this.worker?.url ?? '' });
    return createApiClient(workerRoutes, { transport: this.#transport, token: this.backend.workerToken });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.worker?.close();
    this.#transport?.close();
    await this.backend[Symbol.asyncDispose]();
    await rm(this.directory, { recursive: true, force: true });
  }
}
