import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '@xx-pipeline/testing';
import type { PostgresPrograms } from './find-postgres.ts';

const settings = [
  'listen_addresses=127.0.0.1',
  'shared_buffers=32MB',
  'max_connections=200',
  'wal_level=minimal',
  'max_wal_senders=0',
  'log_min_messages=warning',
];

/** A PostgreSQL server of its own: fresh, on a free loopback port, everybody from this machine let in, gone afterwards. */
export class PostgresServer implements AsyncDisposable {
  readonly #programs: PostgresPrograms;
  readonly #directory: string;
  readonly port: number;
  #child: ChildProcess | null = null;

  private constructor(programs: PostgresPrograms, directory: string, port: number) {
    this.#programs = programs;
    this.#directory = directory;
    this.port = port;
  }

  /** Makes a cluster and starts it; rejects with an error that says what the programs said. */
  static async start(programs: PostgresPrograms): Promise<PostgresServer> {
    const directory = mkdtempSync(join(tmpdir(), 'xx-postgres-'));
    const server = new PostgresServer(programs, directory, await freePort());
    try {
      chmodSync(directory, 0o700);
      if (programs.user !== null) chownSync(directory, programs.user.uid, programs.user.gid);
      const auth = ['--auth-host=trust', '--auth-local=reject'];
      const args = ['-D', server.#data, '-U', 'postgres', '--no-sync', '--encoding=UTF8', '--locale=C', ...auth];
      await promisify(execFile)(programs.initdb, args, { ...programs.user, cwd: directory, env: server.#environment });
      await server.startAgain();
      return server;
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  /** The address of a superuser. */
  get url(): string {
    return `postgres://postgres@127.0.0.1:${this.port}/postgres`;
  }

  /** Starts it after `halt`, with all its data, at the same port. */
  async startAgain(): Promise<void> {
    const log = openSync(this.#logFile, 'a');
    const args = ['-D', this.#data, '-p', String(this.port), '-k', this.#directory];
    const child = spawn(this.#programs.postgres, [...args, ...settings.flatMap((setting) => ['-c', setting])], {
      ...this.#programs.user,
      cwd: this.#directory,
      env: this.#environment,
      stdio: ['ignore', log, log],
    });
    this.#child = child;
    const ended = new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
      child.once('error', () => resolve());
    });
    while (!this.#isReady()) {
      await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 50))]);
      if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) {
        throw new Error(`PostgreSQL does not start:\n${readFileSync(this.#logFile, 'utf8').slice(-2000)}`);
      }
    }
  }

  /** Ends it: `fast` as an administrator would, `crash` as a power cut would. The data stays. */
  async halt(how: 'fast' | 'crash'): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null || child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(how === 'fast' ? 'SIGINT' : 'SIGQUIT');
    const timer = setTimeout(() => child.kill('SIGKILL'), 15_000);
    await ended;
    clearTimeout(timer);
  }

  /** Ends it and removes all of it. */
  async stop(): Promise<void> {
    await this.halt('fast');
    rmSync(this.#directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** The server writes its state into the last line of this file once it has come up. */
  #isReady(): boolean {
    try {
      const lines = readFileSync(join(this.#data, 'postmaster.pid'), 'utf8').split('\n');
      return Number(lines[0]) === this.#child?.pid && lines[7]?.trim() === 'ready';
    } catch {
      return false;
    }
  }

  get #data(): string {
    return join(this.#directory, 'data');
  }

  get #logFile(): string {
    return join(this.#directory, 'log');
  }

  get #environment(): NodeJS.ProcessEnv {
    return { PATH: process.env['PATH'], HOME: this.#directory, LC_ALL: 'C', TZ: 'UTC' };
  }
}
