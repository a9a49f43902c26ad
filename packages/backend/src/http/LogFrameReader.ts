import type { LogChunk } from '@xx-pipeline/common';
import { decodeLogFrames, encodeLogFrame } from '@xx-pipeline/common/api';
import { HttpProblem } from '@xx-pipeline/common/service';

const headerLength = encodeLogFrame({ stream: 'stdout', at: 0, bytes: new Uint8Array() })[0].length;
/** A frame is held whole in memory until it is written. */
const largestFrame = 16 * 1024 * 1024;

/** Cuts a body into its frames as it comes, however it was cut on the way. */
export class LogFrameReader {
  #pending: Uint8Array[] = [];
  #size = 0;
  /** Bytes of `#pending` needed for its first frame. */
  #needed = headerLength;

  /** The frames that are whole now. */
  push(bytes: Uint8Array): LogChunk[] {
    this.#pending.push(bytes);
    this.#size += bytes.length;
    if (this.#size < this.#needed) return [];
    const buffer =
      this.#pending.length === 1
        ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
        : Buffer.concat(this.#pending);
    let end = 0;
    this.#needed = headerLength;
    while (buffer.length - end >= headerLength) {
      const length = buffer.readUInt32BE(end + headerLength - 4);
      if (length > largestFrame) throw new HttpProblem('bad_request', `a log frame of ${length} bytes is too long`);
      if (end + headerLength + length > buffer.length) {
        this.#needed = headerLength + length;
        break;
      }
      end += headerLength + length;
    }
    const rest = buffer.subarray(end);
    this.#pending = rest.length === 0 ? [] : [rest];
    this.#size = rest.length;
    return this.#decode(buffer.subarray(0, end));
  }

  /** Throws when the body ended within a frame. */
  end(): void {
    if (this.#size > 0) throw new HttpProblem('bad_request', 'the body ends in the middle of a log frame');
  }

  #decode(frames: Buffer): LogChunk[] {
    const chunks = decodeLogFrames(frames);
    if (chunks === null) throw new HttpProblem('bad_request', 'the body is no sequence of log frames');
    return chunks;
  }
}
