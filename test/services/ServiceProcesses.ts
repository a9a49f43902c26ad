import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RunningProgram } from '../rig/RunningProgram.ts';
import { testProgram } from '../rig/test-program.ts';

/** What a started process gets besides its arguments. */
export interface StartOptions {
  /** What runs jobs; by default nothing real. */
  readonly executor?: 'docker' | 'scripted';
  readonly env?: Readonly<Record<string, string>>;
}

/** Processes of `xx` that serve, in a state directory of their own; all end with the test. */
export class ServiceProcesses implements AsyncDisposable {
  readonly home = mkdtempSync(join(tmpdir(), 'xx-services-'));
  readonly #running: RunningProgram[] = [];

  path(name: string): string {
    return join(this.home, name);
  }

  /** Starts `xx` with these arguments. */
  start(args: readonly string[], { executor = 'scripted', env = {} }: StartOptions = {}): RunningProgram {
    const program = new RunningProgram(process.execPath, [testProgram(), ...args], {
      cwd: this.home,
      env: { ...process.env, XX_HOME: this.home, XX_EXECUTOR: executor, ...env },
    });
    this.#running.push(program);
    return program;
  }

  /** Starts `xx server` and waits until it serves. */
  async startServer(
    options: StartOptions = {},
    ...args: string[]
  ): Promise<{ program: RunningProgram; url: string; token: string }> {
    const program = this.start(['server', '--listen', '127.0.0.1:0', ...args], options);
    await program.printed(/^xx server .* at http/m);
    const { url, token } = JSON.parse(readFileSync(this.path('server.json'), 'utf8')) as { url: string; token: string };
    return { program, url, token };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const program of this.#running.toReversed()) await program.kill();
    rmSync(this.home, { recursive: true, force: true });
  }
}
