import process from 'node:process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { callEngine } from '../../packages/cli/src/setup/engine-api.ts';

interface EngineEvent {
  readonly Action: string;
  readonly Actor: { readonly ID: string; readonly Attributes: Readonly<Record<string, string>> };
  readonly timeNano: number;
}

/** The life of one container, in milliseconds of the engine's clock. */
export interface ContainerLife {
  readonly id: string;
  readonly jobId: string;
  readonly attempt: number;
  readonly owner: string;
  readonly startedAt: number;
  endedAt: number | null;
}

/** Remembers which containers of jobs lived when, as the engine tells it. */
export class EngineWatch implements AsyncDisposable {
  readonly #stop = new AbortController();
  readonly #lives = new Map<string, ContainerLife>();
  #reading: Promise<void> = Promise.resolve();

  private constructor() {}

  static async start(): Promise<EngineWatch> {
    const watch = new EngineWatch();
    const filters = { type: ['container'], event: ['start', 'die'], label: ['io.xx-pipeline.job'] };
    const path = `/events?filters=${encodeURIComponent(JSON.stringify(filters))}`;
    const answer = await callEngine(
      { env: process.env, signal: watch.#stop.signal },
      {
        method: 'GET',
        path,
        deadline: 24 * 3_600_000,
      },
    );
    if (answer.kind === 'no-answer') throw new Error('no Docker engine answers');
    watch.#reading = watch.#read(answer.body as Readable);
    return watch;
  }

  /** Containers that jobs had, oldest first. */
  livesOf(jobId: string): readonly ContainerLife[] {
    return [...this.#lives.values()]
      .filter((life) => life.jobId === jobId)
      .toSorted((a, b) => a.startedAt - b.startedAt);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#reading;
  }

  async #read(body: Readable): Promise<void> {
    try {
      for await (const line of createInterface(body)) this.#note(JSON.parse(line) as EngineEvent);
    } catch (error) {
      if (!this.#stop.signal.aborted) throw error;
    }
  }

  #note({ Action, Actor: { ID, Attributes }, timeNano }: EngineEvent): void {
    const at = timeNano / 1e6;
    if (Action === 'start') {
      this.#lives.set(ID, {
        id: ID,
        jobId: Attributes['io.xx-pipeline.job'] ?? '',
        attempt: Number(Attributes['io.xx-pipeline.attempt']),
        owner: Attributes['io.xx-pipeline.owner'] ?? '',
        startedAt: at,
        endedAt: null,
      });
      return;
    }
    const life = this.#lives.get(ID);
    if (life !== undefined) life.endedAt = at;
  }
}
