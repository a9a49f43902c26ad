import type { Clock, LogChunk } from '@xx-pipeline/common';
import type { LogKey, LogStore } from '../logs/LogStore.ts';

/** Appends text that comes with status updates to logs, whose other bytes come by offset. */
export class StatusLogs {
  readonly #logs: LogStore;
  readonly #clock: Clock;

  constructor(logs: LogStore, clock: Clock) {
    this.#logs = logs;
    this.#clock = clock;
  }

  /** Appends behind bytes that others, also other backends, append at the same time. */
  async append(key: LogKey, text: string): Promise<void> {
    await this.#write(key, text, async () => true);
  }

  /** Appends unless the log ends with the text: the update was sent again after it was applied in part. */
  async appendOnce(key: LogKey, text: string): Promise<void> {
    await this.#write(key, text, async (size, bytes) => {
      return size < bytes.length || !(await this.#tail(key, size - bytes.length)).equals(bytes);
    });
  }

  /** Reads the size of the log and appends there; again if the log has grown in between. */
  async #write(key: LogKey, text: string, isWanted: (size: number, bytes: Buffer) => Promise<boolean>): Promise<void> {
    const bytes = Buffer.from(text);
    for (;;) {
      const size = await this.#logs.size(key);
      if (!(await isWanted(size, bytes))) return;
      const chunk: LogChunk = { stream: 'stdout', at: this.#clock.now(), bytes };
      if (await this.#logs.appendIf(key, size, [chunk])) return;
    }
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
}
