import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type RunningBackend, startBackend } from '@xx-pipeline/backend';
import { systemClock } from '@xx-pipeline/common';
import { createServiceLog } from '@xx-pipeline/service';
import { runGit, until } from '@xx-pipeline/testing';
import { type StartedWorker, startWorker } from '@xx-pipeline/worker';
import { describeError } from '../../src/program/describe-error.ts';
import { parseArguments } from '../../src/program/parse-arguments.ts';
import { commandLoaders } from '../../src/program/registry.ts';
import { BackendApiClient } from '../../src/remote/BackendApiClient.ts';
import { FakeStream, fakeIo } from '../render/FakeIo.ts';
import { CuttingProxy } from './CuttingProxy.ts';

/** A command under way. */
export interface RunningCommand {
  readonly stdout: FakeStream;
  readonly stderr: FakeStream;
  /** Ctrl-C. */
  readonly interrupt: AbortController;
  readonly kill: AbortController;
  readonly exitCode: Promise<number>;
}

const version = '0.1.0';

/** How the rig's server is to be. */
export interface RemoteRigOptions {
  /** `postgres://…`; a file if not given. */
  readonly database?: string;
  readonly slots?: number;
}

/**
 * A real backend with a database in a file, a real worker whose containers are scripted, a proxy in front that can cut
 * connections, and a repository: everything `xx run` meets but Docker.
 */
export class RemoteRig implements AsyncDisposable {
  readonly directory: string;
  readonly repository: string;
  readonly logged: string[] = [];
  proxy!: CuttingProxy;
  backend!: RunningBackend;
  worker: StartedWorker | null = null;
  token = '';
  #workerToken = '';

  readonly #options: RemoteRigOptions;

  private constructor(directory: string, options: RemoteRigOptions) {
    this.directory = directory;
    this.#options = options;
    this.repository = join(directory, 'demo');
  }

  /** A rig whose repository has only this pipeline file. */
  static startWith(pipeline: string): Promise<RemoteRig> {
    return RemoteRig.start({ '.xx-pipeline.yml': pipeline });
  }

  static async start(files: Readonly<Record<string, string>>, options: RemoteRigOptions = {}): Promise<RemoteRig> {
    const rig = new RemoteRig(await mkdtemp(join(tmpdir(), 'xx-remote-')), options);
    try {
      await rig.#openBackend(0);
      rig.token = await rig.backend.createToken('person', 'me');
      rig.#workerToken = await rig.backend.createToken('worker', 'build');
      rig.proxy = await CuttingProxy.start(Number(new URL(rig.backend.url).port));
      await rig.startWorker();
      await rig.write(files);
      await rig.git('init', '-q', '-b', 'main');
      await rig.commit();
      return rig;
    } catch (error) {
      await rig[Symbol.asyncDispose]();
      throw error;
    }
  }

  async write(files: Readonly<Record<string, string>>): Promise<void> {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(this.repository, path)), { recursive: true });
      await writeFile(join(this.repository, path), text);
    }
  }

  async commit(): Promise<void> {
    await this.git('add', '-A');
    await this.git('commit', '-q', '-m', 'Begin');
  }

  async git(...args: readonly string[]): Promise<void> {
    await runGit(this.repository, ...args);
  }

  /** A client of the backend itself, past the proxy. */
  get client(): BackendApiClient {
    return new BackendApiClient({ url: this.backend.url, token: this.token });
  }

  async startWorker(): Promise<void> {
    this.worker = await startWorker({
      stateDirectory: join(this.directory, 'worker'),
      backendUrl: this.backend.url,
      token: this.#workerToken,
      executor: 'scripted',
      name: 'scripted',
      slots: this.#options.slots ?? 4,
      listen: { host: '127.0.0.1', port: 0 },
      version,
      log: this.#log,
      farewellSeconds: 5,
    });
  }

  /** Stops the backend and starts it again at the same address, as a restart after an update would. */
  async restartBackend(): Promise<void> {
    const port = Number(new URL(this.backend.url).port);
    await this.backend.close();
    await this.#openBackend(port);
  }

  /** Starts the command line and waits until it has printed a text. */
  async startUntil(args: readonly string[], text: string): Promise<RunningCommand> {
    const running = this.start(args);
    await until(`xx ${args.join(' ')} to print ${text}`, () => running.stdout.text.includes(text));
    return running;
  }

  /** Starts a command in the repository, as `xx` would. */
  start(args: readonly string[], env: Readonly<Record<string, string>> = {}): RunningCommand {
    const [stdout, stderr] = [new FakeStream(), new FakeStream()];
    const [interrupt, kill] = [new AbortController(), new AbortController()];
    const io = {
      ...fakeIo(stdout, stderr, {
        PATH: process.env['PATH'] ?? '',
        XX_HOME: join(this.directory, 'home'),
        XX_SERVER: this.proxy.url,
        XX_TOKEN: this.token,
        ...env,
      }),
      cwd: this.repository,
      interrupted: interrupt.signal,
      killed: kill.signal,
    };
    const run = async () => {
      try {
        const command = await commandLoaders[args[0] ?? '']?.();
        if (command === undefined) throw new Error(`no command ${args[0]}`);
        const invocation = parseArguments(command, args);
        return invocation.kind === 'run' ? await command.run(invocation.input, io) : 0;
      } catch (error) {
        if (error instanceof Error && error.name === 'AbortError') return 130;
        const { message, help, exitCode } = describeError(error);
        stderr.write(`error: ${message}\n${help === null ? '' : `  help: ${help}\n`}`);
        return exitCode;
      }
    };
    return { stdout, stderr, interrupt, kill, exitCode: run() };
  }

  /** Runs a command to its end. */
  async run(
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<{ readonly stdout: string; readonly stderr: string; readonly exitCode: number }> {
    const { stdout, stderr, exitCode } = this.start(args, env);
    return { exitCode: await exitCode, stdout: stdout.text, stderr: stderr.text };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.worker?.close();
    await this.proxy?.close();
    await this.backend?.close();
    await rm(this.directory, { recursive: true, force: true });
  }

  async #openBackend(port: number): Promise<void> {
    this.backend = await startBackend({
      database: this.#options.database ?? `sqlite:${join(this.directory, 'backend', 'xx.db')}`,
      listen: { host: '127.0.0.1', port },
      stateDirectory: join(this.directory, 'backend'),
      version,
      log: this.#log,
    });
  }

  readonly #log = createServiceLog({ write: (text: string) => this.logged.push(text) }, systemClock);
}
