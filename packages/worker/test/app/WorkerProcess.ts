import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createApiClient, workerRoutes } from '@xx-pipeline/common/api';
import { NodeTransport } from '@xx-pipeline/service/http';
import type { StartWorkerOptions } from '../../src/app/index.ts';

/** A worker in a process of its own. */
export class WorkerProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #transport: NodeTransport;
  readonly #token: string;
  #exited = false;

  private constructor(child: ChildProcess, url: string, token: string) {
    this.#child = child;
    this.#transport = new NodeTransport({ baseUrl: url });
    this.#token = token;
    child.once('exit', () => {
      this.#exited = true;
    });
  }

  static async start(options: Omit<StartWorkerOptions, 'log' | 'clock' | 'env'>): Promise<WorkerProcess> {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'worker-process.ts'), JSON.stringify(options)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    let said = '';
    child.stdout.on('data', (bytes: Buffer) => {
      said += bytes.toString();
      const url = /^ready (\S+)$/m.exec(said)?.[1];
      if (url !== undefined) resolve(url);
    });
    child.once('exit', (code) => reject(new Error(`the worker ended with ${code}`)));
    return new WorkerProcess(child, await promise, options.token ?? '');
  }

  get api() {
    return createApiClient(workerRoutes, { transport: this.#transport, token: this.#token });
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async terminate(): Promise<void> {
    await this.#end('SIGTERM');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end('SIGKILL');
  }

  async #end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    this.#transport.close();
    if (this.#exited) return;
    const exit = once(this.#child, 'exit');
    this.#child.kill(signal);
    await exit;
  }
}
