/** The origin of bytes of a log: a stream of the job, or the runner, which writes lines of its own between them. */
export type LogStream = 'stdout' | 'stderr' | 'runner';

/** Where and when bytes of a log came from. */
export interface LogOrigin {
  readonly stream: LogStream;
  /** When the bytes arrived, milliseconds since the epoch. */
  readonly at: number;
  /**
   * Which line of the runner the bytes belong to, a number from 1 to 255 (`runner-lines.ts`). Absent on output of the
   * job and on lines of workers from before marks. A chunk with a mark has bytes of one line only, all of
   * them unless something on its way has cut it.
   */
  readonly mark?: number;
}

/** A piece of a job's log. Bytes, not text: a chunk may end in the middle of a character or line. */
export interface LogChunk extends LogOrigin {
  readonly bytes: Uint8Array;
}

/**
 * Whether the bytes of two neighboring chunks may be stored and sent as one: lines with a mark stay apart, the parts of
 * one are joined. `left` without bytes: they are not at hand.
 */
export function areMergeable(left: LogOrigin & { readonly bytes?: Uint8Array }, right: LogOrigin): boolean {
  if (left.stream !== right.stream || left.at !== right.at || left.mark !== right.mark) return false;
  return left.mark === undefined || (left.bytes !== undefined && left.bytes.at(-1) !== lineEnd);
}

const lineEnd = 0x0a;
