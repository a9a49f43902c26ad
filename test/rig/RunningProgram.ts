import { type ChildProcess, spawn } from 'node:child_process';

/** A program that has ended. */
export interface Finished {
  /** Exit code; null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program that a test has started and follows by what it prints. */
export class RunningProgram {
  readonly #child: ChildProcess;
  readonly #ended: Promise<Finished>;
  readonly #waiting = new Set<() => void>();
  stdout = '';
  stderr = '';

  constructor(file: string, args: readonly string[], options: { cwd: string; env: NodeJS.ProcessEnv }) {
    const child = spawn(file, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
      this.#look();
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
      this.#look();
    });
    this.#ended = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => {
        resolve({ code, signal, stdout: this.stdout, stderr: this.stderr });
        this.#look();
      });
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Resolves when it has ended and all of its output is here. */
  ended(): Promise<Finished> {
    return this.#ended;
  }

  /** Resolves when a pattern has appeared in its output; rejects when it ends without. */
  async printed(pattern: RegExp): Promise<void> {
    for (;;) {
      if (pattern.test(this.stdout) || pattern.test(this.stderr)) return;
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) {
        await this.#ended;
        if (pattern.test(this.stdout) || pattern.test(this.stderr)) return;
        throw new Error(`ended without printing ${pattern}\n${this.stdout}\n${this.stderr}`);
      }
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  /** Stops reading what it prints, as `head` does. */
  closeOutput(): void {
    this.#child.stdout?.destroy();
  }

  send(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Ends it if it still runs: politely at first, so that it can clean up. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 20_000);
    await this.#ended.catch(() => undefined);
    clearTimeout(timer);
  }

  #look(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }
}
