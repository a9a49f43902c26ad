import type { LogStream } from '@xx-pipeline/common';

/**
 * The sidecar of a log file: which stream every byte came from, and when. The log itself stays exactly what the job
 * printed, readable by any tool. Layout: the magic line, then records of two varints,
 *
 *   bytes << 2 | stream          stream: 0 stdout, 1 stderr, 2 runner
 *   zigzag(milliseconds since the record before; since the epoch for the first)
 *
 * A record covers the bytes behind those of the record before; pieces of one stream and millisecond are one record.
 * Index and log are separate writes: after a kill, either may be ahead. Readers use the part that both have.
 */
const magic = Buffer.from('xx-log-index 1\n');

const streams: readonly LogStream[] = ['stdout', 'stderr', 'runner'];

/** Bytes of a log that came from one stream at one time. */
export interface LogRun {
  readonly stream: LogStream;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly bytes: number;
}

/** Collects the records of a log while it is written. */
export class LogIndexWriter {
  #buffer: Buffer = Buffer.alloc(1024);
  #used = 0;
  #lastAt = 0;
  #run: { stream: LogStream; at: number; bytes: number } | null = null;

  constructor() {
    this.#used = magic.copy(this.#buffer);
  }

  /** Notes that the next `bytes` bytes of the log are of this stream and time. */
  add(stream: LogStream, at: number, bytes: number): void {
    if (bytes === 0) return;
    if (this.#run !== null && this.#run.stream === stream && this.#run.at === at) {
      this.#run.bytes += bytes;
      return;
    }
    this.#endRun();
    this.#run = { stream, at, bytes };
  }

  /** Encoded bytes not yet taken, without those of the run that still grows. */
  get pending(): number {
    return this.#used;
  }

  /** Removes and returns the bytes to append to the index file. */
  take(): Buffer {
    const taken = this.#buffer.subarray(0, this.#used);
    this.#buffer = Buffer.alloc(1024);
    this.#used = 0;
    return taken;
  }

  /** Ends the index and returns the rest of its bytes. */
  end(): Buffer {
    this.#endRun();
    return this.take();
  }

  #endRun(): void {
    if (this.#run === null) return;
    const { stream, at, bytes } = this.#run;
    this.#run = null;
    if (this.#buffer.length - this.#used < 20) {
      const larger = Buffer.alloc(this.#buffer.length * 2);
      this.#buffer.copy(larger, 0, 0, this.#used);
      this.#buffer = larger;
    }
    this.#varint(bytes * 4 + streams.indexOf(stream));
    const delta = Math.trunc(at) - this.#lastAt;
    this.#varint(delta >= 0 ? delta * 2 : -delta * 2 - 1);
    this.#lastAt = Math.trunc(at);
  }

  // Arithmetic instead of shifts: lengths and times exceed 32 bits.
  #varint(value: number): void {
    let rest = value;
    while (rest >= 128) {
      this.#buffer[this.#used++] = (rest % 128) + 128;
      rest = Math.floor(rest / 128);
    }
    this.#buffer[this.#used++] = rest;
  }
}

/** Yields the runs of an index in order; ends at a record that a killed writer has not completed. */
export function* readLogIndex(index: Uint8Array): Generator<LogRun> {
  if (Buffer.compare(Buffer.from(index.subarray(0, magic.length)), magic) !== 0) return;
  let position = magic.length;
  let at = 0;
  const varint = (): number | null => {
    let value = 0;
    for (let scale = 1; scale <= 2 ** 49; scale *= 128) {
      const byte = index[position++];
      if (byte === undefined) return null;
      value += (byte % 128) * scale;
      if (byte < 128) return value;
    }
    return null;
  };
  for (;;) {
    const head = varint();
    const delta = varint();
    if (head === null || delta === null) return;
    const stream = streams[head % 4];
    if (stream === undefined) return;
    at += delta % 2 === 0 ? delta / 2 : -(delta + 1) / 2;
    yield { stream, at, bytes: Math.floor(head / 4) };
  }
}
