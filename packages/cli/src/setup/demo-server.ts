import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import type { Report } from '@xx-pipeline/common';
import { CommandError, type CommandIo } from '../io/CommandIo.ts';
import { ExitCode } from '../io/exit-codes.ts';
import { stateDirectory } from '../io/state-directory.ts';
import { BackendApiClient } from '../remote/BackendApiClient.ts';
import { readServerRecord } from '../server/server-record.ts';
import { lastLines } from './run-program.ts';

/** A server for a demonstration: `xx server` as a process of its own, with a state directory and a port of its own. */
export class DemoServer implements AsyncDisposable {
  readonly #home: string;
  readonly #env: CommandIo['env'];
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  #output = '';

  private constructor(home: string, env: CommandIo['env']) {
    this.#home = home;
    this.#env = { ...env, XX_HOME: home, XX_SERVER: undefined, XX_TOKEN: undefined };
    const args = [...process.execArgv, process.argv[1] ?? '', 'server', '--listen', '127.0.0.1:0'];
    this.#child = spawn(process.execPath, args, { env: this.#env, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text;
      });
    }
    this.#ended = new Promise((resolve) => {
      this.#child.once('close', () => resolve());
      this.#child.once('error', () => resolve());
    });
  }

  /** Starts it and waits until it serves. */
  static async start(io: CommandIo): Promise<DemoServer> {
    const home = await mkdtemp(join(stateDirectory(io.env, io.cwd), 'demo', 'server-'));
    const server = new DemoServer(home, io.env);
    try {
      await server.#serving(io.interrupted);
      return server;
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** With these variables commands find this server. */
  get env(): CommandIo['env'] {
    return this.#env;
  }

  /** The report of the newest run. */
  async report(signal: AbortSignal): Promise<Report> {
    const record = await readServerRecord(this.#home);
    if (record === null) throw new Error('the server has left no record');
    const client = new BackendApiClient(record);
    try {
      const { body } = await client.api.listReports({ query: { limit: 1 } }, { signal });
      const [report] = body.reports;
      if (report === undefined) throw new Error('the server has no report');
      return report;
    } finally {
      client.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 20_000);
    await this.#ended;
    clearTimeout(timer);
    await rm(this.#home, { recursive: true, force: true, maxRetries: 3 });
  }

  /** It greets when it serves. */
  async #serving(signal: AbortSignal): Promise<void> {
    const greeted = new Promise<true>((resolve) => {
      this.#child.stdout?.on('data', () => resolve(true));
    });
    const aborted = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
    aborted.catch(() => undefined);
    signal.throwIfAborted();
    const came = await Promise.race([greeted, this.#ended.then(() => false), aborted]);
    if (came) return;
    const help = lastLines(this.#output).join('\n');
    throw new CommandError('the server for the demonstration does not start', ExitCode.machine, help);
  }
}
