import { isUtf8 } from 'node:buffer';
import { writeServerSentEvent } from '@xx-pipeline/common/api';
import type { LogKey, LogSegment, LogStore } from '../logs/LogStore.ts';
import { logName } from '../logs/log-name.ts';
import { LruCache } from '../storage/LruCache.ts';

const readBytes = 256 * 1024;
/** Events kept for those who come a little later. */
const keptBytes = 16 * 1024 * 1024;

/** A stretch of a log as its readers get it. */
export interface LogPart {
  /** The offset behind it. */
  readonly next: number;
  /** One event per segment, encoded; their ids are the offsets behind them. */
  readonly events: Uint8Array;
}

/**
 * The events of logs that people follow. However many follow one log, each stretch of it is read and encoded once, as
 * long as they keep up with each other; who is slow reads for himself.
 */
export class LogEvents {
  readonly #logs: LogStore;
  readonly #followers = new Map<string, number>();
  readonly #parts = new LruCache<LogPart>(keptBytes);
  readonly #reading = new Map<string, Promise<LogPart | null>>();

  constructor(logs: LogStore) {
    this.#logs = logs;
  }

  /** Somebody follows a log, until the returned function is called. */
  follow(key: LogKey): () => void {
    const name = logName(key);
    this.#followers.set(name, (this.#followers.get(name) ?? 0) + 1);
    return () => {
      const left = (this.#followers.get(name) ?? 1) - 1;
      if (left > 0) this.#followers.set(name, left);
      else this.#followers.delete(name);
    };
  }

  /** The next part of a log from an offset on; null at its end for now. */
  async read(key: LogKey, offset: number): Promise<LogPart | null> {
    const name = logName(key);
    if ((this.#followers.get(name) ?? 0) < 2) return await this.#read(key, offset);
    const place = `${name} ${offset}`;
    const known = this.#parts.get(place);
    if (known !== undefined) return known;
    const under = this.#reading.get(place);
    // A read of another caller that found nothing may have begun before the append that this caller was notified of.
    if (under !== undefined) return (await under) ?? (await this.#read(key, offset));
    const reading = this.#read(key, offset).finally(() => this.#reading.delete(place));
    this.#reading.set(place, reading);
    const part = await reading;
    if (part !== null) this.#parts.set(place, part, part.events.length);
    return part;
  }

  async #read(key: LogKey, offset: number): Promise<LogPart | null> {
    const segments = await this.#logs.read(key, offset, readBytes);
    const last = segments.at(-1);
    if (last === undefined) return null;
    const events = Buffer.from(segments.map(encodeSegment).join(''));
    return { next: last.offset + last.chunk.bytes.length, events };
  }
}

/** A stretch as an event; its id is the offset behind it. */
function encodeSegment({ offset, chunk }: LogSegment): string {
  const { bytes, ...origin } = chunk;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const content = isUtf8(buffer) ? { text: buffer.toString() } : { base64: buffer.toString('base64') };
  return writeServerSentEvent({ id: offset + bytes.length, event: 'log', data: { offset, ...origin, ...content } });
}
