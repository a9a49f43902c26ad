import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { until } from '@xx-pipeline/testing';
import { callEngine } from '../../packages/cli/src/setup/engine-api.ts';

const signal = new AbortController().signal;

/** A container as the engine lists it. */
export interface ListedContainer {
  readonly Id: string;
  readonly State: string;
  readonly Labels: Readonly<Record<string, string>>;
}

/**
 * A Docker engine of a test's own that may be stopped and started again. All it has is in one directory and in a network
 * namespace: a second engine in the machine's own would take the first one's bridge away, whatever it is told.
 */
export class PrivateEngine implements AsyncDisposable {
  readonly #directory: string;
  readonly #liveRestore: boolean;
  /** A process that does nothing but hold the network namespace. */
  readonly #holder: ChildProcess;
  #daemon: ChildProcess | null = null;

  private constructor(directory: string, holder: ChildProcess, liveRestore: boolean) {
    this.#directory = directory;
    this.#holder = holder;
    this.#liveRestore = liveRestore;
  }

  /** Starts one that has the base image of the tests. */
  static async start(options: { readonly liveRestore: boolean }): Promise<PrivateEngine> {
    const directory = await mkdtemp(join(tmpdir(), 'xx-engine-'));
    const holder = spawn('unshare', ['--net', 'sleep', 'infinity'], { stdio: 'ignore' });
    const engine = new PrivateEngine(directory, holder, options.liveRestore);
    try {
      const ours = readlinkSync('/proc/self/ns/net');
      await until('a network namespace', () => readlinkSync(engine.#network) !== ours, 10_000, 10);
      await engine.startAgain();
      await engine.#loadImage('busybox:latest');
      return engine;
    } catch (error) {
      await engine[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Why none can be had here; null when one can. */
  static missing(): string | null {
    if (process.getuid?.() !== 0) return 'only root can start an engine';
    try {
      execFileSync('unshare', ['--net', 'nsenter', '--net=/proc/self/ns/net', 'dockerd', '--version'], {
        stdio: 'ignore',
      });
      return null;
    } catch {
      return 'dockerd is not installed, or there are no network namespaces';
    }
  }

  /** As `DOCKER_HOST` has it. */
  get address(): string {
    return `unix://${join(this.#directory, 'engine.sock')}`;
  }

  /** Starts the daemon; resolves when it answers. */
  async startAgain(): Promise<void> {
    const log = openSync(join(this.#directory, 'log'), 'a');
    const at = (name: string) => join(this.#directory, name);
    // Once more, because of what it would do to the machine's engine otherwise.
    assert.notEqual(readlinkSync(this.#network), readlinkSync('/proc/self/ns/net'));
    const daemon = spawn(
      'nsenter',
      [
        ...[`--net=${this.#network}`, 'dockerd'],
        ...['--host', this.address, '--data-root', at('data'), '--exec-root', at('exec'), '--pidfile', at('pid')],
        // Should there be a containerd for all.
        ...['--containerd-namespace', 'xx-faults', '--containerd-plugins-namespace', 'xx-faults-plugins'],
        ...(this.#liveRestore ? ['--live-restore'] : []),
      ],
      { stdio: ['ignore', log, log] },
    );
    closeSync(log);
    this.#daemon = daemon;
    await until(
      'the private engine to answer',
      async () => {
        if (daemon.exitCode !== null) throw new Error(`dockerd ended: ${(await this.said()).slice(-3000)}`);
        const answer = await callEngine({ env: this.#env, signal }, { method: 'GET', path: '/_ping' });
        if (answer.kind === 'answer') answer.body.resume();
        return answer.kind === 'answer' && answer.status === 200;
      },
      60_000,
      50,
    );
  }

  /** Stops the daemon, politely or as a crash does; resolves when it has ended. */
  async stop(how: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const daemon = this.#daemon;
    this.#daemon = null;
    if (daemon === null || daemon.exitCode !== null || daemon.signalCode !== null) return;
    const ended = new Promise((resolve) => daemon.once('exit', resolve));
    daemon.kill(how);
    await ended;
    // What a crash leaves of its containerd; where nobody buries the dead it would be taken for alive.
    if (how === 'SIGKILL') await rm(join(this.#directory, 'exec/containerd/containerd.pid'), { force: true });
  }

  /** Its containers, running or not, that carry a label. */
  async containers(label: string): Promise<readonly ListedContainer[]> {
    const filters = encodeURIComponent(JSON.stringify({ label: [label] }));
    const path = `/containers/json?all=true&filters=${filters}`;
    const answer = await callEngine({ env: this.#env, signal }, { method: 'GET', path });
    if (answer.kind === 'no-answer') throw new Error(`the private engine does not answer: ${answer.message}`);
    return JSON.parse(await text(answer.body)) as readonly ListedContainer[];
  }

  /** What the daemon has said. */
  async said(): Promise<string> {
    return await readFile(join(this.#directory, 'log'), 'utf8').catch(() => '');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop('SIGTERM');
    this.#holder.kill();
    // A killed daemon leaves others behind: containerd, shims, containers. They are known by our directory.
    await until('the processes of the private engine to end', () => this.#killRest(), 20_000, 100);
    for (const path of mountsBelow(this.#directory)) execFileSync('umount', ['-l', path]);
    await rm(this.#directory, { recursive: true, force: true, maxRetries: 5 });
  }

  get #network(): string {
    return `/proc/${this.#holder.pid}/ns/net`;
  }

  get #env(): Record<string, string> {
    return { DOCKER_HOST: this.address };
  }

  async #loadImage(name: string): Promise<void> {
    const from = await callEngine({ env: process.env, signal }, { method: 'GET', path: `/images/${name}/get` });
    if (from.kind === 'no-answer' || from.status !== 200)
      throw new Error(`no ${name} to be had for the private engine`);
    const call = { method: 'POST', path: '/images/load?quiet=1', body: from.body, deadline: 60_000 } as const;
    const answer = await callEngine({ env: this.#env, signal }, call);
    if (answer.kind === 'no-answer' || answer.status !== 200)
      throw new Error(`the private engine does not take ${name}`);
    await text(answer.body);
  }

  /** True when no process is left. */
  #killRest(): boolean {
    const left = processesNaming(this.#directory);
    for (const pid of left) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {}
    }
    return left.length === 0;
  }
}

/** Processes that have a directory in their arguments or whose root or working directory is in it. */
function processesNaming(directory: string): readonly number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  return pids.filter((pid) => isOf(pid, directory)).map(Number);
}

function isOf(pid: string, directory: string): boolean {
  try {
    if (/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))) return false;
    if (readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(directory)) return true;
    if (readlinkSync(`/proc/${pid}/cwd`).startsWith(directory)) return true;
    return readFileSync(`/proc/${pid}/mountinfo`, 'utf8').split('\n', 1)[0]?.includes(directory) ?? false;
  } catch {
    return false;
  }
}

/** Deepest first. */
function mountsBelow(directory: string): readonly string[] {
  if (!existsSync(directory)) return [];
  const paths = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '');
  return paths.filter((path) => path.startsWith(`${directory}/`)).toReversed();
}
