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
  /** From when to when (null: still) something of it could have an effect; none while it is paused. */
  readonly alive: { readonly from: number; to: number | null }[];
}

/** Remembers which containers of jobs lived when, as the engine tells it. */
export class EngineWatch implements AsyncDisposable {
  readonly #stop = new AbortController();
  readonly #lives = new Map<string, ContainerLife>();
  readonly #killed = new Set<string>();
  #reading: Promise<void> = Promise.resolve();

  private constructor() {}

  static async start(): Promise<EngineWatch> {
    const watch = new EngineWatch();
    const filters = {
      type: ['container'],
      event: ['start', 'pause', 'kill', 'unpause', 'die'],
      label: ['io.xx-pipeline.job'],
    };
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
      .toSorted((a, b) => (a.alive[0]?.from ?? 0) - (b.alive[0]?.from ?? 0));
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
    const life = this.#lives.get(ID) ?? {
      id: ID,
      jobId: Attributes['io.xx-pipeline.job'] ?? '',
      attempt: Number(Attributes['io.xx-pipeline.attempt']),
      owner: Attributes['io.xx-pipeline.owner'] ?? '',
      alive: [],
    };
    this.#lives.set(ID, life);
    const now = life.alive.at(-1);
    switch (Action) {
      case 'start':
        life.alive.push({ from: at, to: null });
        return;
      case 'unpause':
        // Engines thaw what they kill, for it to die.
        if (!this.#killed.has(ID)) life.alive.push({ from: at, to: null });
        return;
      case 'kill':
        if (['9', 'KILL', 'SIGKILL'].includes(Attributes['signal'] ?? '')) this.#killed.add(ID);
        return;
      case 'pause':
      case 'die':
        if (now !== undefined) now.to ??= at;
        return;
    }
  }
}
