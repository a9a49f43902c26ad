import type { Clock } from '@xx-pipeline/common';
import { ExecutionBroken } from '../errors.ts';
import type { ContainerSpec, JobContainer, OutputSink, ScriptExit, ShellScript } from '../JobExecutor.ts';
import { MemoryWorkspace } from './MemoryWorkspace.ts';
import { ScriptedShell } from './ScriptedShell.ts';

/** What a container tells the executor that made it. */
export interface ContainerWatch {
  readonly canPause: boolean;
  /** Records a broken rule of the contract and throws. */
  misuse(message: string): never;
  began(): void;
  ended(): void;
  /** Called before each step; may wait or throw as the test wants. */
  step(step: 'putFiles' | 'run' | 'pause' | 'getFiles' | 'stream' | 'listFiles' | 'remove'): Promise<void>;
  removed(): void;
}

/** One container of the fake: a workspace in memory, a shell that understands a few commands, and a sharp eye on its user. */
export class ScriptedContainer implements JobContainer {
  readonly workspace = new MemoryWorkspace();
  readonly #spec: ContainerSpec;
  readonly #clock: Clock;
  readonly #watch: ContainerWatch;
  #busy: string | null = null;
  #runs = 0;
  #shell: ScriptedShell | null = null;
  #removing: Promise<void> | null = null;
  #paused = false;

  constructor(spec: ContainerSpec, clock: Clock, watch: ContainerWatch) {
    this.#spec = spec;
    this.#clock = clock;
    this.#watch = watch;
  }

  putFiles(tar: AsyncIterable<Uint8Array>): Promise<void> {
    return this.#alone('putFiles', async () => {
      if (this.#runs > 0) this.#complain('putFiles after run');
      await this.workspace.unpack(tar);
    });
  }

  run(script: ShellScript, output: OutputSink): Promise<ScriptExit> {
    return this.#alone('run', async () => {
      if (this.#runs === 2) this.#complain('a third run');
      this.#runs++;
      this.#shell = new ScriptedShell(this.#clock, this.workspace, this.#guard(output));
      if (this.#paused) this.#shell.pause();
      this.#watch.began();
      try {
        return await this.#shell.run(script);
      } finally {
        this.#watch.ended();
        this.#shell = null;
      }
    });
  }

  async interrupt(force: boolean): Promise<void> {
    // Engines let a frozen container go on for the sake of such a signal.
    if (this.#paused && !force) this.#complain('interrupt without force while it is paused');
    this.#shell?.interrupt(force);
  }

  async pause(): Promise<void> {
    if (!this.#watch.canPause) throw new ExecutionBroken('this executor cannot pause containers');
    await this.#watch.step('pause');
    if (this.#removing !== null) return;
    this.#paused = true;
    this.#shell?.pause();
  }

  async unpause(): Promise<void> {
    this.#paused = false;
    this.#shell?.unpause();
  }

  getFiles(path: string): Promise<AsyncIterable<Uint8Array> | null> {
    return this.#alone('getFiles', async () => {
      if (this.#runs === 0) this.#complain('getFiles before run');
      const tar = await this.workspace.pack(path);
      return tar === null ? null : inPieces(tar, () => this.#watch.step('stream'));
    });
  }

  listFiles(under: string): Promise<readonly string[] | null> {
    return this.#alone('listFiles', async () => this.workspace.list(under));
  }

  remove(): Promise<void> {
    this.#removing ??= this.#remove();
    return this.#removing;
  }

  async #remove(): Promise<void> {
    this.#shell?.interrupt(true);
    await this.#watch.step('remove').catch(() => {});
    this.#watch.removed();
  }

  async #alone<T>(step: 'putFiles' | 'run' | 'getFiles' | 'listFiles', work: () => Promise<T>): Promise<T> {
    if (this.#removing !== null) this.#complain(`${step} after remove`);
    if (this.#busy !== null) this.#complain(`${step} during ${this.#busy}`);
    this.#busy = step;
    try {
      await this.#watch.step(step);
      if (this.#removing !== null) throw new ExecutionBroken(`the container was removed during ${step}`);
      return await work();
    } finally {
      this.#busy = null;
    }
  }

  /** Nothing may come out of a container that is gone. */
  #guard(output: OutputSink): OutputSink {
    return {
      write: (stream, bytes, at) => (this.#removing === null ? output.write(stream, bytes, at) : undefined),
      mark: (mark, at) => (this.#removing === null ? output.mark(mark, at) : undefined),
    };
  }

  #complain(what: string): never {
    return this.#watch.misuse(`${what} (job ${this.#spec.jobName}, attempt ${this.#spec.attempt})`);
  }
}

/** Small enough that readers meet every border. */
async function* inPieces(bytes: Uint8Array, readOn: () => Promise<void>): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += 10_000) {
    if (start > 0) await readOn();
    yield bytes.subarray(start, start + 10_000);
  }
}
