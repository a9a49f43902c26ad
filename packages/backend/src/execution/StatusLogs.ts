import type { Clock, LogChunk } from '@xx-pipeline/common';
import type { LogKey, LogStore } from '../logs/LogStore.ts';

/** Appends text that comes with status updates to logs, whose other bytes come by offset. */
export class StatusLogs {
  readonly #logs: LogStore;
  readonly #clock: Clock;
  /** Two texts for one log must not take the same place. */
  readonly #open = new Map<string, Promise<void>>();

  constructor(logs: LogStore, clock: Clock) {
    this.#logs = logs;
    this.#clock = clock;
  }

  append(key: LogKey, text: string): Promise<void> {
    return this.#inTurn(key, async () => this.#write(key, await this.#logs.size(key), Buffer.from(text)));
  }

  /** Not again what the log ends with: the update came, was written in part, and comes again. */
  appendOnce(key: LogKey, text: string): Promise<void> {
    return this.#inTurn(key, async () => {
      const bytes = Buffer.from(text);
      const size = await this.#logs.size(key);
      if (size >= bytes.length && (await this.#tail(key, size - bytes.length)).equals(bytes)) return;
      await this.#write(key, size, bytes);
    });
  }

  async #write(key: LogKey, offset: number, bytes: Buffer): Promise<void> {
    const chunk: LogChunk = { stream: 'stdout', at: this.#clock.now(), bytes };
    await this.#logs.append(key, offset, [chunk]);
  }

  async #tail(key: LogKey, from: number): Promise<Buffer> {
    const parts: Uint8Array[] = [];
    for (let offset = from; ; ) {
      const segments = await this.#logs.read(key, offset, 1 << 20);
      if (segments.length === 0) return Buffer.concat(parts);
      for (const { chunk } of segments) {
        parts.push(chunk.bytes);
        offset += chunk.bytes.length;
      }
    }
  }

  #inTurn(key: LogKey, task: () => Promise<void>): Promise<void> {
    const name = `${key.jobId}/${key.attempt}`;
    const mine = (this.#open.get(name) ?? Promise.resolve()).then(task, task);
    this.#open.set(name, mine);
    const forget = () => {
      if (this.#open.get(name) === mine) this.#open.delete(name);
    };
    mine.then(forget, forget);
    return mine;
  }
}
