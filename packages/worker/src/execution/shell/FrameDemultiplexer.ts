import type { LogStream } from '@xx-pipeline/common';

/** Receives the payload of frames; the next piece should wait for a returned promise. */
export type FrameSink = (stream: Exclude<LogStream, 'runner'>, bytes: Buffer) => void;

const headerLength = 8;

/**
 * Splits the engine's attach format, `[stream, 0, 0, 0, length (4 bytes, big endian)] payload`, into its streams.
 * Payload is passed on as views of the chunk it came in, without copying or collecting.
 */
export class FrameDemultiplexer {
  readonly #sink: FrameSink;
  readonly #header = Buffer.alloc(headerLength);
  #headerFilled = 0;
  #remaining = 0;
  #stream: 'stdout' | 'stderr' = 'stdout';

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  /** Reads the next chunk of the connection. Throws when it cannot be the attach format. */
  push(chunk: Buffer): void {
    let offset = 0;
    while (offset < chunk.length) {
      if (this.#remaining === 0) {
        const take = Math.min(headerLength - this.#headerFilled, chunk.length - offset);
        chunk.copy(this.#header, this.#headerFilled, offset, offset + take);
        this.#headerFilled += take;
        offset += take;
        if (this.#headerFilled < headerLength) return;
        this.#headerFilled = 0;
        const type = this.#header[0] ?? 0;
        if (type > 2 || this.#header[1] !== 0) throw new Error('the engine sent a frame of an unknown kind');
        this.#stream = type === 2 ? 'stderr' : 'stdout';
        this.#remaining = this.#header.readUInt32BE(4);
        continue;
      }
      const take = Math.min(this.#remaining, chunk.length - offset);
      this.#remaining -= take;
      this.#sink(this.#stream, chunk.subarray(offset, offset + take));
      offset += take;
    }
  }
}
