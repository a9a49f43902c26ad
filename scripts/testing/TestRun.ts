import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { eventMark, type ReporterLine, type TestOutcome } from './event-reporter.ts';

/** One process of Node's test runner over some files. */
export interface TestRunOptions {
  readonly files: readonly string[];
  /** `none`: all files in one process, fast. `process`: one process a file, for tests that start things. */
  readonly isolation: 'none' | 'process';
  readonly env: NodeJS.ProcessEnv;
  /** Milliseconds for a single test. */
  readonly testDeadline: number;
  /** Milliseconds for all of them. */
  readonly deadline: number;
  finished(test: TestOutcome): void;
}

/** Runs Node's test runner and follows it; kills it, with all it started, when its time is over. */
export class TestRun {
  readonly #options: TestRunOptions;
  readonly #child: ChildProcess;
  readonly #open = new Map<string, number>();
  readonly #noise: string[] = [];
  #failures = 0;
  #timedOut = false;

  constructor(options: TestRunOptions) {
    this.#options = options;
    const args = [
      '--test',
      `--test-isolation=${options.isolation}`,
      `--test-timeout=${options.testDeadline}`,
      ...(options.isolation === 'process' ? ['--test-concurrency=2', '--test-force-exit'] : []),
      `--test-reporter=${join(import.meta.dirname, 'event-reporter.ts')}`,
      '--test-reporter-destination=stdout',
      ...options.files,
    ];
    // A process group of its own, so that nothing a test has started outlives it.
    this.#child = spawn(process.execPath, args, {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...options.env, NODE_TEST_CONTEXT: undefined },
    });
  }

  /** Resolves when all files have ended, with what went wrong outside of any test. */
  async ended(): Promise<readonly string[]> {
    const timer = setTimeout(() => {
      this.#timedOut = true;
      this.kill();
    }, this.#options.deadline);
    const { stdout, stderr } = this.#child;
    if (stdout === null || stderr === null) throw new Error('the test runner has no output');
    createInterface(stdout).on('line', (line) => this.#read(line));
    createInterface(stderr).on('line', (line) => this.#remember(line));
    const code = await new Promise<number | null>((resolve, reject) => {
      this.#child.once('error', reject);
      this.#child.once('close', resolve);
    });
    clearTimeout(timer);
    this.kill();
    if (this.#timedOut) {
      const open = [...this.#open].filter(([, count]) => count > 0).map(([key]) => `\n  ${key}`);
      const why =
        open.length > 0
          ? `; still running:${open.join('')}`
          : ': all tests ended, but something they left open keeps the process';
      return [`killed after ${this.#options.deadline / 1000} s${why}`];
    }
    if (code !== 0 && this.#failures === 0)
      return [`the test runner ended with ${code}\n${this.#noise.slice(-40).join('\n')}`];
    return [];
  }

  /** Kills the runner and everything it started. */
  kill(): void {
    if (this.#child.pid === undefined) return;
    try {
      process.kill(-this.#child.pid, 'SIGKILL');
    } catch {
      // Nothing is left of it.
    }
  }

  #read(line: string): void {
    if (!line.startsWith(eventMark)) {
      this.#remember(line);
      return;
    }
    const event = JSON.parse(line.slice(1)) as ReporterLine;
    const { name, file } = event.type === 'started' ? event : event.test;
    const key = `${file} > ${name}`;
    if (event.type === 'started') {
      this.#open.set(key, (this.#open.get(key) ?? 0) + 1);
      return;
    }
    this.#open.set(key, (this.#open.get(key) ?? 1) - 1);
    if (event.test.result === 'failed') this.#failures++;
    this.#options.finished(event.test);
  }

  #remember(line: string): void {
    this.#noise.push(line);
    if (this.#noise.length > 400) this.#noise.splice(0, 200);
  }
}
