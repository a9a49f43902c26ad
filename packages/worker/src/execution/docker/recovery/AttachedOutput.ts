import type { Duplex } from 'node:stream';
import { helloMark } from '../../shell/bootstrap.ts';
import { FrameDemultiplexer } from '../../shell/FrameDemultiplexer.ts';
import { MarkFilter } from '../../shell/MarkFilter.ts';
import { gapMark, keepMark } from '../../shell/recoverable-bootstrap.ts';

type Stream = 'stdout' | 'stderr';

/** More than this before the shell is there is dropped: an entrypoint's chatter. */
const earlyLimit = 64 * 1024;
/** Waiting to be taken; beyond it the connection has to wait. */
const highWater = 1024 * 1024;

/** What the shell says about itself when it is there. */
export interface ShellHello {
  readonly outerPid: number;
  readonly keptPids: readonly number[];
  /** Output goes into files. */
  readonly inFiles: boolean;
}

/** What comes over a container's attached connection when its output goes into files: the beginning, and what files cannot take. */
export class AttachedOutput {
  /** Resolves when the shell is there; null when the connection ended before. */
  readonly hello: Promise<ShellHello | null>;
  readonly closed: Promise<void>;
  readonly #socket: Duplex;
  readonly #onNews: () => void;
  readonly #waiting: Record<Stream, (Buffer | 'gap')[]> = { stdout: [], stderr: [] };
  readonly #keptPids: number[] = [];
  #early: Buffer[] = [];
  #earlyLength = 0;
  #shell: readonly number[] | null = null;
  #isClosed = false;
  #said = false;
  #waitingBytes = 0;
  #wake: (() => void) | null = null;
  #resolveHello!: (hello: ShellHello | null) => void;

  constructor(socket: Duplex, head: Buffer, onNews: () => void) {
    this.#socket = socket;
    this.#onNews = onNews;
    this.hello = new Promise((resolve) => {
      this.#resolveHello = resolve;
    });
    this.closed = this.#read(head);
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** What came before the shell. */
  get early(): Buffer {
    return Buffer.concat(this.#early);
  }

  /** The next piece of what files could not take, or that something was lost before it; null when there is none. */
  take(stream: Stream): Buffer | 'gap' | null {
    const piece = this.#waiting[stream].shift() ?? null;
    if (piece !== null && piece !== 'gap') {
      this.#waitingBytes -= piece.length;
      this.#wake?.();
    }
    return piece;
  }

  /** From now on the shell is known to be there: an earlier process has met it. */
  expectNothing(): void {
    this.#said = true;
    this.#resolveHello(null);
  }

  async #read(head: Buffer): Promise<void> {
    const filters = { stdout: this.#filter('stdout'), stderr: this.#filter('stderr') };
    const demultiplexer = new FrameDemultiplexer((stream, bytes) => filters[stream].push(bytes));
    try {
      if (head.length > 0) demultiplexer.push(head);
      for await (const chunk of this.#socket) {
        demultiplexer.push(chunk as Buffer);
        while (this.#waitingBytes > highWater) {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
        }
      }
    } catch {
      // The end of a connection, however it comes.
    }
    this.#isClosed = true;
    this.#resolveHello(null);
    this.#onNews();
  }

  #filter(stream: Stream): MarkFilter {
    const marks = [helloMark, keepMark, gapMark];
    return new MarkFilter(marks, {
      bytes: (bytes) => this.#bytes(stream, bytes),
      mark: (index, text) => {
        if (index === 2) {
          this.#waiting[stream].push('gap');
          this.#onNews();
          return;
        }
        const pids = text.trim().split(' ').map(Number);
        if (index === 0) this.#shell = pids;
        else this.#keptPids.push(...pids);
        this.#sayHello();
      },
    });
  }

  #bytes(stream: Stream, bytes: Buffer): void {
    if (this.#said) {
      this.#waiting[stream].push(bytes);
      this.#waitingBytes += bytes.length;
      this.#onNews();
    } else if (this.#earlyLength < earlyLimit) {
      this.#early.push(Buffer.from(bytes));
      this.#earlyLength += bytes.length;
    }
  }

  #sayHello(): void {
    const [outerPid, ...keepers] = this.#shell ?? [];
    // Each keeper tells the process that does the work for it.
    if (outerPid === undefined || this.#said || this.#keptPids.length < keepers.length) return;
    this.#said = true;
    this.#resolveHello({ outerPid, keptPids: [...keepers, ...this.#keptPids], inFiles: keepers.length > 0 });
  }

  /** Drops the connection. */
  destroy(): void {
    this.#socket.destroy();
    this.#waitingBytes = 0;
    this.#wake?.();
  }
}
