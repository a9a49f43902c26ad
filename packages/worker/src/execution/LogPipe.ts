import type { Clock, LogStream } from '@xx-pipeline/common';
import type { EventStream } from './EventStream.ts';
import { formatBytes } from './format.ts';
import type { MaskStream, SecretMask } from './mask-secrets.ts';

/** How much of a job's output is kept from its beginning when nothing else is said: 1 GiB. */
export const defaultLogLimit = 2 ** 30;

/** How much is kept from its end besides: where a failure shows. */
const tailLimit = 256 * 1024;

/**
 * The way of a job's output into its log: masked, in order of arrival, with back-pressure, as bytes.
 * Beyond the limit only the newest output is kept; what is left out between is counted and announced in the log.
 */
export class LogPipe {
  readonly #events: EventStream;
  readonly #mask: SecretMask;
  readonly #clock: Clock;
  readonly #limit: number;
  readonly #masks: { readonly stdout: MaskStream; readonly stderr: MaskStream };
  #kept = 0;
  #announced = false;
  #tail: { stream: LogStream; at: number; bytes: Uint8Array }[] = [];
  #tailBytes = 0;
  #leftOut = 0;
  #atLineStart = true;

  constructor(parts: { events: EventStream; mask: SecretMask; clock: Clock; limit: number }) {
    this.#events = parts.events;
    this.#mask = parts.mask;
    this.#clock = parts.clock;
    this.#limit = parts.limit;
    this.#masks = { stdout: parts.mask.stream(), stderr: parts.mask.stream() };
  }

  /** Output of the job. */
  write(stream: 'stdout' | 'stderr', bytes: Uint8Array, at: number): void | Promise<void> {
    return this.#keep(stream, this.#masks[stream].write(bytes), at);
  }

  /** Lets out what the masks hold back and the kept end of an overlong output: the job is silent for now. */
  async flush(): Promise<void> {
    const at = this.#clock.now();
    for (const stream of ['stdout', 'stderr'] as const) await this.#keep(stream, this.#masks[stream].flush(), at);
    if (this.#leftOut > 0) await this.line(`${formatBytes(this.#leftOut)} of output left out here: see above`);
    const tail = this.#tail;
    this.#tail = [];
    this.#tailBytes = 0;
    this.#leftOut = 0;
    for (const chunk of tail) await this.#send(chunk.stream, chunk.bytes, chunk.at);
  }

  /** A line of our own. It counts for no limit. */
  line(text: string): void | Promise<void> {
    const start = this.#atLineStart ? '' : '\n';
    return this.#send('runner', Buffer.from(`${start}${this.#mask.text(text)}\n`), this.#clock.now());
  }

  /** Something a person should know: an event, and a line of the log so that the log explains itself. */
  warn(message: string): void | Promise<void> {
    void this.#events.send({ type: 'warning', message: this.#mask.text(message), at: this.#clock.now() });
    return this.line(`WARNING: ${message}`);
  }

  #keep(stream: 'stdout' | 'stderr', bytes: Uint8Array, at: number): void | Promise<void> {
    if (bytes.length === 0) return;
    const room = this.#limit - this.#kept;
    if (bytes.length <= room) {
      this.#kept += bytes.length;
      return this.#send(stream, bytes, at);
    }
    this.#overflow(stream, bytes, at, room);
  }

  #overflow(stream: 'stdout' | 'stderr', bytes: Uint8Array, at: number, room: number): void {
    if (!this.#announced) this.#announceLimit(stream, bytes.subarray(0, room), at);
    const copy = Uint8Array.from(bytes.subarray(Math.max(room, bytes.length - tailLimit)));
    this.#leftOut += bytes.length - room - copy.length;
    this.#tail.push({ stream, at, bytes: copy });
    this.#tailBytes += copy.length;
    while (this.#tailBytes > tailLimit && this.#tail.length > 1) {
      const oldest = this.#tail.shift();
      this.#tailBytes -= oldest?.bytes.length ?? 0;
      this.#leftOut += oldest?.bytes.length ?? 0;
    }
  }

  #announceLimit(stream: 'stdout' | 'stderr', rest: Uint8Array, at: number): void {
    this.#announced = true;
    this.#kept = this.#limit;
    void this.#send(stream, rest, at);
    const kept = `only the last ${formatBytes(tailLimit)} of what follows are kept`;
    void this.warn(`log limit of ${formatBytes(this.#limit)} reached: ${kept}`);
  }

  #send(stream: LogStream, bytes: Uint8Array, at: number): void | Promise<void> {
    if (bytes.length === 0) return;
    this.#atLineStart = bytes[bytes.length - 1] === 10;
    return this.#events.send({ type: 'log', chunk: { stream, at, bytes } });
  }
}
