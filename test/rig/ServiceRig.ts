import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { type ApiClient, backendRoutes, createApiClient } from '@xx-pipeline/common/api';
import { NodeTransport } from '@xx-pipeline/service/http';
import { freePort, until } from '@xx-pipeline/testing';
import { listOwned } from './list-leftovers.ts';
import { RunningProgram } from './RunningProgram.ts';
import { testProgram } from './test-program.ts';

/** How services are to be. */
export interface ServiceRigOptions {
  /** `postgres://…`; a SQLite file of the rig if not given. */
  readonly database?: string;
  /** For all of its processes. */
  readonly env?: Readonly<Record<string, string>>;
  /** Where the backend keeps its files, when that is not a folder of the rig. */
  readonly backendDirectory?: string;
}

/** How a worker is to be. */
export interface WorkerOptions {
  readonly slots?: number;
  /** Where it thinks the backend is. */
  readonly backendUrl?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stateDirectory?: string;
  readonly labels?: string;
  /** Is told of jobs by the backend instead of asking. */
  readonly push?: boolean;
  /** The same, at this address. */
  readonly listen?: string;
  /** Where the backend reaches it, when that is another address. */
  readonly publicUrl?: string;
}

/** A backend and workers as real processes that may be killed and started again, all in a directory of their own. */
export class ServiceRig implements AsyncDisposable {
  readonly directory: string;
  readonly port: number;
  readonly #options: ServiceRigOptions;
  readonly #programs: RunningProgram[] = [];
  readonly #workers = new Map<string, RunningProgram>();
  readonly #workerIds = new Set<string>();
  #backend: RunningProgram | null = null;
  #transport: NodeTransport | null = null;
  #api: ApiClient<typeof backendRoutes> | null = null;
  personToken = '';
  workerToken = '';

  private constructor(directory: string, port: number, options: ServiceRigOptions) {
    this.directory = directory;
    this.port = port;
    this.#options = options;
  }

  /** Makes the rig with both tokens; nothing runs yet. */
  static async make(options: ServiceRigOptions = {}): Promise<ServiceRig> {
    const rig = new ServiceRig(await mkdtemp(join(tmpdir(), 'xx-service-')), await freePort(), options);
    try {
      const create = (role: string) =>
        rig.#xx(['backend', 'token', 'create', '--role', role, '--name', role, ...rig.#storage]);
      for (const role of ['person', 'worker'] as const) {
        const { code, stdout, stderr } = await create(role).ended();
        assert.equal(code, 0, `token create: ${stderr}`);
        if (role === 'person') rig.personToken = stdout.trim();
        else rig.workerToken = stdout.trim();
      }
      return rig;
    } catch (error) {
      await rig[Symbol.asyncDispose]();
      throw error;
    }
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The API as a person sees it. */
  get api(): ApiClient<typeof backendRoutes> {
    this.#transport ??= new NodeTransport({ baseUrl: this.url });
    this.#api ??= createApiClient(backendRoutes, { transport: this.#transport, token: this.personToken });
    return this.#api;
  }

  get environment(): Record<string, string> {
    const { PATH = '', DOCKER_HOST } = process.env;
    return {
      PATH,
      HOME: this.directory,
      XX_HOME: join(this.directory, 'home'),
      TMPDIR: this.directory,
      LANG: 'C.UTF-8',
      GIT_CONFIG_NOSYSTEM: '1',
      ...(DOCKER_HOST === undefined ? {} : { DOCKER_HOST }),
      ...this.#options.env,
    };
  }

  /** Makes `xx run` and the other remote commands use this server. */
  get clientEnvironment(): Record<string, string> {
    return { XX_SERVER: this.url, XX_TOKEN: this.personToken };
  }

  /** Starts the backend and waits until it serves. */
  async startBackend(env: Readonly<Record<string, string>> = {}): Promise<RunningProgram> {
    const program = this.#xx(['backend', '--listen', `127.0.0.1:${this.port}`, ...this.#storage], env);
    this.#backend = program;
    await program.printed(/serves at/);
    return program;
  }

  /** The process of the backend that runs. */
  get backendPid(): number {
    const pid = this.#backend?.pid;
    if (pid === undefined) throw new Error('no backend runs');
    return pid;
  }

  /** Ends the backend, as a crash does or politely. */
  async stopBackend(signal: NodeJS.Signals): Promise<void> {
    const program = this.#backend;
    this.#backend = null;
    if (program === null) return;
    program.send(signal);
    await program.ended();
  }

  /** Starts a worker; the same name is the same worker with the same state. */
  async startWorker(name: string, options: WorkerOptions = {}): Promise<RunningProgram> {
    const state = options.stateDirectory ?? this.workerDirectory(name);
    const args = ['worker', '--backend', options.backendUrl ?? this.url, '--name', name, '--state-directory', state];
    args.push('--slots', String(options.slots ?? 3));
    const listen = options.listen ?? (options.push === true ? '127.0.0.1:0' : undefined);
    if (listen !== undefined) args.push('--listen', listen);
    if (options.publicUrl !== undefined) args.push('--public-url', options.publicUrl);
    if (options.labels !== undefined) args.push('--labels', options.labels);
    const program = this.#xx(args, { XX_WORKER_TOKEN: this.workerToken, ...options.env });
    this.#workers.set(name, program);
    await program.printed(/worker started/);
    const { workerId } = JSON.parse(await readFile(join(state, 'worker.json'), 'utf8')) as { workerId: string };
    this.#workerIds.add(workerId);
    return program;
  }

  /** Ends a worker, as a crash does or politely. */
  async stopWorker(name: string, signal: NodeJS.Signals): Promise<void> {
    const program = this.#workers.get(name);
    this.#workers.delete(name);
    if (program === undefined) return;
    program.send(signal);
    await program.ended();
  }

  workerDirectory(name: string): string {
    return join(this.directory, `worker-${name}`);
  }

  /** Ids of all workers that ever ran here. */
  get workerIds(): readonly string[] {
    return [...this.#workerIds];
  }

  /** Containers, networks and volumes of its workers. */
  async leftovers(): Promise<readonly string[]> {
    return await listOwned((owner) => this.workerIds.some((id) => owner === `xx-worker:${id}`));
  }

  /** What its processes have said last, for the message of a failure. */
  get said(): string {
    return this.#programs
      .filter(({ stderr }) => stderr !== '')
      .map(({ pid, stderr }) => `--- process ${pid}\n${stderr.slice(-3000)}`)
      .join('\n');
  }

  /** All that its processes have said. */
  get output(): string {
    return this.#programs.map(({ stdout, stderr }) => `${stdout}\n${stderr}`).join('\n');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#workers.values()].map((program) => program.kill()));
    for (const program of this.#programs) await program.kill();
    this.#transport?.close();
    const left = await until(
      'the engine to be empty',
      async () => (await this.leftovers()).length === 0,
      15_000,
      200,
    ).then(
      () => [],
      () => this.leftovers(),
    );
    await rm(this.directory, { recursive: true, force: true, maxRetries: 5 });
    assert.deepEqual(left, [], 'left behind in Docker');
  }

  get #storage(): readonly string[] {
    const directory = this.#options.backendDirectory ?? join(this.directory, 'backend');
    const database = this.#options.database;
    return ['--state-directory', directory, ...(database === undefined ? [] : ['--database', database])];
  }

  #xx(args: readonly string[], env: Readonly<Record<string, string>> = {}): RunningProgram {
    const program = new RunningProgram(process.execPath, [testProgram(), ...args], {
      cwd: this.directory,
      env: { ...this.environment, ...env },
    });
    this.#programs.push(program);
    return program;
  }
}
