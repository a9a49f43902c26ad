import { messageOf } from '@xx-pipeline/common';
import type { ContainerSpec, JobContainer, OutputSink, ScriptExit, ShellScript } from '../../execution/index.ts';
import type { Fence } from './Fence.ts';
import type { FencedJobs } from './FencedJobs.ts';

/** A container that could not be paused so often is ended. */
const mostFailures = 3;

/** A container behind a fence. */
export class FencedContainer implements JobContainer {
  readonly spec: ContainerSpec;
  readonly #inner: JobContainer;
  readonly #fence: Fence;
  readonly #jobs: FencedJobs;
  readonly #removed: () => void;
  readonly #canPause: boolean;
  #begun = false;
  #frozen = false;
  /** The guardian may have paused it, which nobody tells us. */
  #suspected = false;
  /** It is being ended: it must not go on any more. */
  #doomed = false;
  #failures = 0;
  /** Pausing and unpausing, one after the other. */
  #turn: Promise<void> = Promise.resolve();

  constructor(parts: {
    spec: ContainerSpec;
    inner: JobContainer;
    fence: Fence;
    jobs: FencedJobs;
    removed: () => void;
    canPause: boolean;
  }) {
    this.#canPause = parts.canPause;
    this.spec = parts.spec;
    this.#inner = parts.inner;
    this.#fence = parts.fence;
    this.#jobs = parts.jobs;
    this.#removed = parts.removed;
  }

  putFiles(tar: AsyncIterable<Uint8Array>): Promise<void> {
    return this.#inner.putFiles(tar);
  }

  async run(script: ShellScript, output: OutputSink): Promise<ScriptExit> {
    if (!this.#fence.isOpen) await this.#fence.opened();
    this.#begun = true;
    return await this.#inner.run(script, output);
  }

  /** One that is frozen has nobody to hear the friendly kind, and engines would let it go on for its sake. */
  async interrupt(force: boolean): Promise<void> {
    if (force) this.#doomed ||= this.#frozen || this.#suspected;
    else {
      await this.#fence.opened();
      await this.#turn;
    }
    await this.#inner.interrupt(force);
  }

  pause(): Promise<void> {
    return this.#inner.pause();
  }

  unpause(): Promise<void> {
    return this.#inner.unpause();
  }

  getFiles(path: string): Promise<AsyncIterable<Uint8Array> | null> {
    return this.#inner.getFiles(path);
  }

  listFiles(under: string): Promise<readonly string[] | null> {
    return this.#inner.listFiles(under);
  }

  async remove(): Promise<void> {
    this.#doomed = true;
    this.#removed();
    await this.#inner.remove();
  }

  suspect(): void {
    this.#suspected = true;
  }

  /** Stops it where it is. Never rejects. */
  freeze(): Promise<void> {
    return this.#next(async () => {
      if (this.#frozen || this.#doomed || this.#fence.isOpen) return;
      if (!this.#canPause) return this.#giveUp('its executor cannot pause it');
      try {
        await this.#inner.pause();
        this.#frozen = true;
        if (this.#begun) this.#say('paused: this worker has no contact with the server');
      } catch (error) {
        this.#failures++;
        if (this.#failures >= mostFailures) this.#giveUp(messageOf(error));
      }
    });
  }

  /** Lets it go on. Never rejects; where it could not be done it can be tried again. */
  thaw(frozenMs: number): Promise<void> {
    return this.#next(async () => {
      if (this.#doomed || !this.#fence.isOpen || !(this.#frozen || this.#suspected)) return;
      try {
        await this.#inner.unpause();
        const wasFrozen = this.#frozen;
        this.#frozen = false;
        this.#suspected = false;
        this.#failures = 0;
        if (this.#begun && wasFrozen) this.#say(`goes on after ${Math.max(1, Math.round(frozenMs / 1000))} s`);
      } catch {
        // The next heartbeat brings the next try.
      }
    });
  }

  #next(act: () => Promise<void>): Promise<void> {
    this.#turn = this.#turn.then(act);
    return this.#turn;
  }

  #giveUp(why: string): void {
    const { jobId, attempt } = this.spec;
    this.#jobs.lose(
      jobId,
      attempt,
      `without contact with the backend it must not go on, and it cannot be paused: ${why}`,
    );
  }

  #say(line: string): void {
    this.#jobs.say(this.spec.jobId, this.spec.attempt, line);
  }
}
