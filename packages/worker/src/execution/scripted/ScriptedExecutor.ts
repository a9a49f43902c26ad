import type { Clock } from '@xx-pipeline/common';
import { ExecutionBroken, ImageUnavailable } from '../errors.ts';
import type {
  ContainerSpec,
  ExecutorHealth,
  ExecutorTraits,
  JobContainer,
  JobExecutor,
  PrepareObserver,
} from '../JobExecutor.ts';
import { ScriptedContainer } from './ScriptedContainer.ts';

/** A step of a container's life that can be made slow or made to fail; `stream`: reading on in what `getFiles` gave. */
export type ScriptedStep =
  | 'queue'
  | 'pull'
  | 'prepare'
  | 'putFiles'
  | 'run'
  | 'pause'
  | 'getFiles'
  | 'stream'
  | 'listFiles'
  | 'remove';

/** How the machinery behaves for one job; what the job itself does is in its commands. */
export interface ScriptedBehaviour {
  /** Milliseconds on the clock that a step takes. Queue and pull happen only if they are named here. */
  readonly delay?: Partial<Record<ScriptedStep, number>>;
  /** Steps that fail: `pull` with `ImageUnavailable`, `remove` quietly, the others with `ExecutionBroken`. */
  readonly fail?: readonly ScriptedStep[];
  /** Steps that never end, whatever signal aborts. */
  readonly hang?: readonly ScriptedStep[];
}

/**
 * An executor without containers: for tests, benches and load tests of everything above it.
 * Commands are those of `ScriptedShell`; time passes only on the clock. It is strict: a call that breaks the
 * contract of `JobExecutor` throws and is remembered.
 */
export class ScriptedExecutor implements JobExecutor {
  readonly traits: ExecutorTraits;
  readonly #clock: Clock;
  readonly #behave: (spec: ContainerSpec) => ScriptedBehaviour;
  readonly #living = new Map<string, ContainerSpec>();
  readonly #misuses: string[] = [];
  readonly #idle: (() => void)[] = [];
  #closed = false;
  #running = 0;
  #mostRunning = 0;
  #made = 0;

  /** `traits`: those that differ from an engine on this machine. Containers of this executor never outlive the process. */
  constructor(options: {
    clock: Clock;
    behave?: (spec: ContainerSpec) => ScriptedBehaviour;
    traits?: Partial<Omit<ExecutorTraits, 'outlivesProcess'>>;
  }) {
    this.traits = {
      canPause: true,
      bringsOwnTrees: false,
      makesAheadCheaply: true,
      queues: false,
      ...options.traits,
      outlivesProcess: false,
    };
    this.#clock = options.clock;
    this.#behave = options.behave ?? (() => ({}));
  }

  /** Scripts running now. */
  get running(): number {
    return this.#running;
  }

  /** The most scripts that ever ran at once. */
  get mostRunning(): number {
    return this.#mostRunning;
  }

  /** Containers made and not yet removed. */
  get living(): number {
    return this.#living.size;
  }

  /** Containers made so far. */
  get made(): number {
    return this.#made;
  }

  async prepare(spec: ContainerSpec, observer: PrepareObserver, signal: AbortSignal): Promise<JobContainer> {
    const key = `${spec.jobId} attempt ${spec.attempt}`;
    if (this.#closed) this.#misuse(`prepare of ${spec.jobName} after close`);
    if (this.#living.has(key)) this.#misuse(`prepare of ${spec.jobName} twice for the same attempt`);
    this.#living.set(key, spec);
    try {
      signal.throwIfAborted();
      await this.#queue(spec, observer, signal);
      await this.#pull(spec, observer, signal);
      await this.#step(spec, 'prepare', signal);
      signal.throwIfAborted();
    } catch (error) {
      this.#gone(key);
      throw error;
    }
    this.#made++;
    return new ScriptedContainer(spec, this.#clock, {
      canPause: this.traits.canPause,
      misuse: (message) => this.#misuse(message),
      step: (step) => this.#step(spec, step),
      began: () => {
        this.#running++;
        this.#mostRunning = Math.max(this.#mostRunning, this.#running);
      },
      ended: () => {
        this.#running--;
      },
      removed: () => this.#gone(key),
    });
  }

  async health(): Promise<ExecutorHealth> {
    return { ok: true, text: 'scripted' };
  }

  async sweep(): Promise<void> {}

  async adopt(): Promise<null> {
    return null;
  }

  async removeUnadopted(): Promise<void> {}

  async close(): Promise<void> {
    this.#closed = true;
    while (this.#living.size > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  /** Throws when a container is left or the contract was broken. */
  assertNothingLeft(): void {
    const left = [...this.#living.values()].map((spec) => `container of ${spec.jobName} is not removed`);
    const problems = [...this.#misuses, ...left];
    if (problems.length > 0) throw new Error(`ScriptedExecutor: ${problems.join('; ')}`);
  }

  async #queue(spec: ContainerSpec, observer: PrepareObserver, signal: AbortSignal): Promise<void> {
    const { delay, fail, hang } = this.#behave(spec);
    if (delay?.queue === undefined && !fail?.includes('queue') && !hang?.includes('queue')) return;
    if (!this.traits.queues) this.#misuse('a queue without the trait `queues`');
    observer.queued();
    await this.#step(spec, 'queue', signal);
    observer.started();
  }

  async #pull(spec: ContainerSpec, observer: PrepareObserver, signal: AbortSignal): Promise<void> {
    const { delay, fail } = this.#behave(spec);
    if (delay?.pull === undefined && !fail?.includes('pull')) return;
    const image = spec.image.name;
    observer.pulling(image, 0, 0);
    await this.#clock.sleep(delay?.pull ?? 0, signal);
    if (fail?.includes('pull')) throw new ImageUnavailable(image, `no such image: ${image}`);
    observer.pulling(image, 100, 100);
    observer.pulled(image, delay?.pull ?? 0);
  }

  async #step(spec: ContainerSpec, step: ScriptedStep, signal?: AbortSignal): Promise<void> {
    const { delay, fail, hang } = this.#behave(spec);
    if (hang?.includes(step)) await new Promise(() => {});
    const ms = delay?.[step];
    if (ms !== undefined) await this.#clock.sleep(ms, signal);
    if (fail?.includes(step)) throw new ExecutionBroken(`scripted failure of ${step}`);
  }

  #gone(key: string): void {
    this.#living.delete(key);
    if (this.#living.size > 0) return;
    for (const wake of this.#idle.splice(0)) wake();
  }

  #misuse(message: string): never {
    this.#misuses.push(message);
    throw new Error(`ScriptedExecutor: ${message}`);
  }
}
