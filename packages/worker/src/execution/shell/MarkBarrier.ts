/** One of the two streams of a script. */
export type OutputStream = 'stdout' | 'stderr';

/** Takes what passes a barrier, in order. */
export interface MarkBarrierSink {
  /** Output. */
  bytes(stream: OutputStream, bytes: Buffer): void;
  /** Both streams have come to this mark, or one is not waited for. */
  mark(mark: number): void;
  /** Both streams have ended. */
  end(): void;
}

interface Side {
  /** The highest mark seen; infinite at the stream's end. */
  reached: number;
  /** Not waited for. */
  mute: boolean;
  /** From a mark on that the other stream has not come to: output and marks. */
  held: (Buffer | number)[];
}

/**
 * How much is read at most while a mark is waited for. The engine writes both streams into one connection and is not
 * fair to the one that has little to say: megabytes of the other can come before it on a busy machine.
 */
const patience = 8 << 20;

/**
 * Makes one order out of two streams that carry the same rising marks: all that stands before a mark on either stream
 * comes before it, all that stands behind it on either comes after it.
 *
 * - The stream that comes to a mark first is held there. So at most one stream is held at any time.
 * - The other one's mark may never come (a script can close its descriptors): after a bounded amount of output, or when
 *   `giveUp` says that it took too long, that stream is mute and nothing waits for it until it shows a mark again.
 * - Where nothing is held, output passes through at once and uncopied.
 */
export class MarkBarrier {
  readonly #sink: MarkBarrierSink;
  readonly #sides: Readonly<Record<OutputStream, Side>> = {
    stdout: { reached: -1, mute: false, held: [] },
    stderr: { reached: -1, mute: false, held: [] },
  };
  #passed = -1;
  /** Bytes read since a stream is held. */
  #read = 0;

  constructor(sink: MarkBarrierSink) {
    this.#sink = sink;
  }

  /** The mark at which a stream is held; null when none is. */
  get waitingFor(): number | null {
    const { stdout, stderr } = this.#sides;
    const first = stdout.held[0] ?? stderr.held[0];
    return typeof first === 'number' ? first : null;
  }

  /** Output of a stream. */
  bytes(stream: OutputStream, bytes: Buffer): void {
    const side = this.#sides[stream];
    // Behind its end a stream carries only what the script's orphans print.
    if (side.reached === Number.POSITIVE_INFINITY) return;
    // A copy, so that no more is kept than what is counted.
    if (side.held.length > 0) side.held.push(Buffer.from(bytes));
    else this.#sink.bytes(stream, bytes);
    if (this.waitingFor === null) return;
    this.#read += bytes.length;
    if (this.#read > patience) this.giveUp();
  }

  /** A stream has come to a mark. */
  mark(stream: OutputStream, mark: number): void {
    const side = this.#sides[stream];
    const other = this.#sides[otherThan(stream)];
    if (mark <= side.reached) return;
    side.reached = mark;
    side.mute = false;
    if (side.held.length > 0) {
      side.held.push(mark);
      return;
    }
    this.#release(otherThan(stream));
    if (other.reached >= mark || other.mute) this.#pass(mark);
    else {
      side.held.push(mark);
      this.#read = 0;
    }
  }

  /** A stream has ended: nothing waits for it any more. */
  end(stream: OutputStream): void {
    const side = this.#sides[stream];
    const other = this.#sides[otherThan(stream)];
    if (side.reached === Number.POSITIVE_INFINITY) return;
    side.reached = Number.POSITIVE_INFINITY;
    this.#release(otherThan(stream));
    if (other.reached < Number.POSITIVE_INFINITY) return;
    this.#release(stream);
    this.#sink.end();
  }

  /** The mark that a stream is held at did not come on the other one in time: goes on without it. */
  giveUp(): void {
    for (const stream of ['stdout', 'stderr'] as const) {
      if (this.#sides[stream].held.length === 0) continue;
      this.#sides[otherThan(stream)].mute = true;
      this.#release(stream);
    }
  }

  /** Lets out what is held up to the next mark that the other stream has not come to. */
  #release(stream: OutputStream): void {
    const side = this.#sides[stream];
    if (side.held.length === 0) return;
    const other = this.#sides[otherThan(stream)];
    const blocked = other.mute ? -1 : side.held.findIndex((item) => typeof item === 'number' && item > other.reached);
    const free = side.held.splice(0, blocked < 0 ? side.held.length : blocked);
    if (free.length > 0) this.#read = 0;
    for (const item of free) {
      if (typeof item === 'number') this.#pass(item);
      else this.#sink.bytes(stream, item);
    }
  }

  #pass(mark: number): void {
    if (mark <= this.#passed) return;
    this.#passed = mark;
    this.#sink.mark(mark);
  }
}

function otherThan(stream: OutputStream): OutputStream {
  return stream === 'stdout' ? 'stderr' : 'stdout';
}
