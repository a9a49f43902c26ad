import type { Duplex } from 'node:stream';
import { ExecutionBroken } from '../../errors.ts';
import { AttachedOutput, type ShellHello } from './AttachedOutput.ts';

/** A connection to the streams of a container. */
export interface Connection {
  readonly socket: Duplex;
  /** Bytes that came together with the head of the answer. */
  readonly head: Buffer;
}

/** Parts of an `Attachment`. */
export interface AttachmentParts {
  /** null: the container had ended before. */
  readonly connection: Connection | null;
  /** An earlier process was attached before this one. */
  readonly adopted: boolean;
  /** Attaches again. Rejects when the container has ended or is unreachable. */
  readonly reconnect: () => Promise<Connection>;
  /** There may be more to read. */
  readonly onNews: () => void;
  /** A new connection has replaced one that broke: what came in between is lost. */
  readonly onReconnected: () => void;
}

/**
 * The connection to a container, which may break while the container runs on:
 *
 *   attached <--reconnect, new connection--> closed --reconnect fails--> lost
 */
export class Attachment {
  readonly #parts: AttachmentParts;
  #output: AttachedOutput | null = null;
  #socket: Duplex | null = null;
  #reconnecting: Promise<void> | null = null;
  #hello: ShellHello | null = null;
  #heardElsewhere: boolean;
  #lost: unknown = null;
  #isDropped = false;

  constructor(parts: AttachmentParts) {
    const { connection, adopted } = parts;
    this.#parts = parts;
    this.#heardElsewhere = adopted;
    if (connection === null) {
      this.#lost = containerEnded();
      return;
    }
    this.#socket = connection.socket;
    this.#output = new AttachedOutput(connection.socket, connection.head, parts.onNews);
    void this.#output.hello.then((hello) => {
      this.#hello = hello;
    });
    if (adopted) this.#output.expectNothing();
  }

  /** The output of the current connection; null if the container had ended before. */
  get output(): AttachedOutput | null {
    return this.#output;
  }

  /** Output over a connection may have been received by another process, or by none. */
  get heardElsewhere(): boolean {
    return this.#heardElsewhere;
  }

  /** Why the container is unreachable for good; null while it is not. */
  get lost(): unknown {
    return this.#lost;
  }

  get isDropped(): boolean {
    return this.#isDropped;
  }

  /** What the shell said about itself; null if the connection ended before. */
  async hello(): Promise<ShellHello | null> {
    return this.#hello ?? (await this.#output?.hello) ?? null;
  }

  /** Sends bytes to the shell. Throws when the container is unreachable. */
  write(bytes: Buffer): void {
    if (this.#socket === null || this.#lost !== null) throw this.#lost ?? containerEnded();
    this.#socket.write(bytes);
  }

  /** The container has ended, as its connection shows. */
  giveUp(): void {
    this.#lost = containerEnded();
  }

  /** Replaces a broken connection: the container may run on while only its engine restarts. Never rejects. */
  reconnect(): Promise<void> {
    const attached = ({ socket, head }: Connection) => {
      this.#output = new AttachedOutput(socket, head, this.#parts.onNews);
      this.#output.expectNothing();
      this.#socket = socket;
      this.#heardElsewhere = true;
      this.#parts.onReconnected();
      if (this.#isDropped) this.#output.destroy();
    };
    this.#reconnecting ??= this.#parts
      .reconnect()
      .then(attached, (error: unknown) => {
        this.#lost = error;
      })
      .finally(() => {
        this.#reconnecting = null;
        this.#parts.onNews();
      });
    return this.#reconnecting;
  }

  /** Drops the connection. */
  destroy(): void {
    this.#isDropped = true;
    this.#output?.destroy();
  }
}

/** The error of a script whose container ended under it. */
export function containerEnded(): ExecutionBroken {
  return new ExecutionBroken("the job's container ended before its script did", {
    help: 'it was removed or killed from outside, or the Docker engine stopped',
  });
}
