import type { LogChunk } from '@xx-pipeline/common';
import { type LogFrameHead, logFrameHeaderLength, readLogFrameHead } from '@xx-pipeline/common/api';
import { HttpProblem } from '@xx-pipeline/service';

/** Far more than any worker sends: such bytes are not log frames. */
const largestFrame = 16 * 1024 * 1024;

/** Cuts a body into its frames as it comes, however it was cut on the way. Copies nothing: a frame may come in parts. */
export class LogFrameReader {
  readonly #header = Buffer.alloc(logFrameHeaderLength);
  /** Bytes of the next header that are here. */
  #headerBytes = 0;
  #frame: LogFrameHead | null = null;
  /** Bytes of the frame still to come. */
  #left = 0;

  /** The bytes of frames, with whose they are. */
  push(bytes: Uint8Array): LogChunk[] {
    const chunks: LogChunk[] = [];
    for (let position = 0; position < bytes.length; ) {
      if (this.#frame === null) {
        position = this.#readHeader(bytes, position);
        continue;
      }
      const { length, ...origin } = this.#frame;
      const part = bytes.subarray(position, position + this.#left);
      chunks.push({ ...origin, bytes: part });
      position += part.length;
      this.#left -= part.length;
      if (this.#left === 0) this.#frame = null;
    }
    return chunks;
  }

  /** Throws when the body ended within a frame. */
  end(): void {
    if (this.#headerBytes > 0 || this.#frame !== null) {
      throw new HttpProblem('bad_request', 'the body ends in the middle of a log frame');
    }
  }

  #readHeader(bytes: Uint8Array, position: number): number {
    const part = bytes.subarray(position, position + logFrameHeaderLength - this.#headerBytes);
    this.#header.set(part, this.#headerBytes);
    this.#headerBytes += part.length;
    if (this.#headerBytes < logFrameHeaderLength) return position + part.length;
    this.#headerBytes = 0;
    const head = readLogFrameHead(this.#header, 0);
    if (head === null) throw new HttpProblem('bad_request', 'the body is not a sequence of log frames');
    const { length } = head;
    if (length > largestFrame) throw new HttpProblem('bad_request', `a log frame of ${length} bytes is too long`);
    this.#frame = length === 0 ? null : head;
    this.#left = length;
    return position + part.length;
  }
}
