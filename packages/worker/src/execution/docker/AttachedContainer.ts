import type { Duplex } from 'node:stream';
import type { Clock } from '@xx-pipeline/common';
import type { ContainerSession } from '../shell/ContainerSession.ts';
import { ShellSession } from '../shell/ShellSession.ts';
import type { CreateContainer } from './api-types.ts';
import type { DockerClient } from './DockerClient.ts';
import type { EngineOutages } from './EngineOutages.ts';

/** Milliseconds that the removal of a container may take. */
const removalDeadline = 60_000;

/** A container with its streams attached, from creation to removal. */
export class AttachedContainer {
  readonly id: string;
  readonly session: ContainerSession;
  /** Resolves when the container has stopped, or nothing can be known about it any more. */
  readonly exited: Promise<void>;
  readonly #client: DockerClient;
  readonly #clock: Clock;
  readonly #outages: EngineOutages;
  #removal: Promise<void> | null = null;

  private constructor(
    client: DockerClient,
    clock: Clock,
    outages: EngineOutages,
    id: string,
    session: ContainerSession,
    exited: Promise<void>,
  ) {
    this.#client = client;
    this.#clock = clock;
    this.#outages = outages;
    this.id = id;
    this.session = session;
    this.exited = exited;
  }

  /**
   * Creates a container, and attaches to it before `beforeStart` and the start, so that nothing it prints is missed.
   * Whatever fails or is aborted, what was made is removed before the promise rejects.
   */
  static async start(
    client: DockerClient,
    clock: Clock,
    spec: CreateContainer,
    options: {
      signal: AbortSignal;
      name?: string;
      beforeStart?: (id: string) => Promise<void>;
      openSession?: (id: string, socket: Duplex, head: Buffer) => ContainerSession;
      outages: EngineOutages;
    },
  ): Promise<AttachedContainer> {
    // Not aborted half-way: what the engine may or may not have made could not be removed.
    const id = await client.createContainer(spec, { name: options.name });
    let session: ContainerSession | null = null;
    try {
      options.signal.throwIfAborted();
      const exited = client.waitContainer(id, 'next-exit').then(
        () => {},
        () => {},
      );
      const { socket, head } = await client.attach(id, { signal: options.signal });
      session = options.openSession?.(id, socket, head) ?? new ShellSession(socket, head, clock);
      await options.beforeStart?.(id);
      await client.startContainer(id, { signal: options.signal });
      return new AttachedContainer(client, clock, options.outages, id, session, exited);
    } catch (error) {
      session?.destroy();
      const remove = () => client.removeContainer(id, { deadline: removalDeadline });
      await options.outages.retry(remove, undefined, options.signal).catch(() => {});
      throw error;
    }
  }

  /** A container that an earlier process has started, perhaps ended by now. */
  static adopt(
    client: DockerClient,
    clock: Clock,
    outages: EngineOutages,
    id: string,
    session: ContainerSession,
  ): AttachedContainer {
    const exited = client.waitContainer(id, 'not-running').then(
      () => {},
      () => {},
    );
    return new AttachedContainer(client, clock, outages, id, session, exited);
  }

  /** Kills and removes it; resolves when it is gone. Idempotent. */
  remove(): Promise<void> {
    this.#removal ??= this.#outages
      .retry(() => this.#client.removeContainer(this.id, { deadline: removalDeadline }))
      .finally(() => this.session.destroy());
    return this.#removal;
  }

  /** Resolves when its processes are dead: when the engine says so, or it is removed, or after ten seconds. */
  async dead(): Promise<void> {
    const limit = new AbortController();
    const gone = this.#removal?.catch(() => this.exited) ?? this.exited;
    await Promise.race([this.exited, gone, this.#clock.sleep(10_000, limit.signal).catch(() => {})]);
    limit.abort();
  }
}
