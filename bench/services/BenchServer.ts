import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { openTokens } from '@xx-pipeline/backend';
import type { BenchWorld } from '../BenchWorld.ts';
import { ServiceProcess } from './ServiceProcess.ts';

const root = join(import.meta.dirname, '../..');

/** How a worker of a bench is started. */
export interface BenchWorkerOptions {
  readonly name?: string;
  readonly slots?: number;
  /** `push`: the backend hands it jobs; `poll`: it asks. */
  readonly how?: 'push' | 'poll';
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * A real `xx backend` and any number of real `xx worker`s with jobs that only pretend, each a process of its own, over
 * loopback HTTP.
 *
 *     await using server = await BenchServer.start(world, `sqlite:${path}`);
 *     const worker = await server.startWorker({ how: 'push', slots: 64 });
 *
 * With XX_BENCH_PROFILE=FOLDER every process leaves a CPU profile there and runs from source.
 */
export class BenchServer implements AsyncDisposable {
  readonly #world: BenchWorld;
  readonly #database: string;
  readonly #processes: ServiceProcess[] = [];
  readonly folder: string;
  readonly personToken: string;
  readonly workerToken: string;
  #backend: ServiceProcess | null = null;
  #url = '';

  private constructor(
    world: BenchWorld,
    database: string,
    parts: { folder: string; personToken: string; workerToken: string },
  ) {
    this.#world = world;
    this.#database = database;
    this.folder = parts.folder;
    this.personToken = parts.personToken;
    this.workerToken = parts.workerToken;
  }

  /** Makes tokens in a database (`sqlite:PATH` or `postgres://…`) and starts a backend on it. */
  static async start(world: BenchWorld, database: string): Promise<BenchServer> {
    const folder = join(world.folder, `server-${randomBytes(4).toString('hex')}`);
    await mkdir(folder);
    const access = await openTokens({ database, stateDirectory: join(folder, 'backend') });
    const tokens = {
      personToken: await access.create('person', 'bench-person'),
      workerToken: await access.create('worker', 'bench-worker'),
    };
    await access.close();
    const server = new BenchServer(world, database, { folder, ...tokens });
    await server.startBackend();
    return server;
  }

  /** The backend's address. */
  get url(): string {
    return this.#url;
  }

  get backend(): ServiceProcess {
    if (this.#backend === null) throw new Error('the backend does not run');
    return this.#backend;
  }

  /** Starts the backend again after `stopBackend`. */
  async startBackend(): Promise<void> {
    const args = ['backend', '--database', this.#database, '--listen', '127.0.0.1:0'];
    const backend = this.#start('backend', [...args, '--state-directory', join(this.folder, 'backend')], {});
    await backend.printed(/ serves at http:/);
    this.#url = / serves at (http:\/\/[\d.:]+)/.exec(backend.output)?.[1] ?? '';
    this.#backend = backend;
  }

  async stopBackend(): Promise<void> {
    await this.#backend?.[Symbol.asyncDispose]();
    this.#backend = null;
  }

  /** Starts a worker whose jobs take no time, and waits until the backend knows it. */
  async startWorker({ name, slots = 64, how = 'push', env = {} }: BenchWorkerOptions = {}): Promise<ServiceProcess> {
    const own = name ?? `worker-${randomBytes(3).toString('hex')}`;
    const place = ['--state-directory', join(this.folder, own), '--name', own];
    const ways = how === 'push' ? ['--listen', '127.0.0.1:0'] : ['--poll'];
    const worker = this.#start(own, ['worker', '--backend', this.#url, '--slots', String(slots), ...place, ...ways], {
      XX_WORKER_TOKEN: this.workerToken,
      ...env,
    });
    for (;;) {
      const { workers } = (await this.get('/api/workers')) as { workers: { name: string }[] };
      if (workers.some((one) => one.name === own)) return worker;
      if (!isAlive(worker.pid)) throw new Error(`the worker has ended:\n${worker.output}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** An answer of the backend, as a person gets it. */
  async get(path: string): Promise<unknown> {
    const response = await fetch(`${this.#url}${path}`, { headers: { authorization: `Bearer ${this.personToken}` } });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return await response.json();
  }

  /** Ends everything; the workers first, which would wait for the backend otherwise. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const running of this.#processes.toReversed()) await running[Symbol.asyncDispose]();
  }

  #start(name: string, args: readonly string[], env: Readonly<Record<string, string>>): ServiceProcess {
    const profiles = process.env['XX_BENCH_PROFILE'];
    const profiled = [
      process.execPath,
      '--cpu-prof',
      `--cpu-prof-dir=${profiles}`,
      `--cpu-prof-name=${name}.cpuprofile`,
    ];
    const program = profiles === undefined ? [join(root, 'xx')] : [...profiled, join(root, 'packages/cli/src/main.ts')];
    const started = new ServiceProcess(name, [...program, ...args], {
      cwd: this.folder,
      env: { ...this.#world.env, XX_EXECUTOR: 'scripted', ...env },
    });
    this.#processes.push(started);
    return started;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
