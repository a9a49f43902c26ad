/** Which of a job's streams bytes came from; `runner` marks lines of our own. */
export type LogStream = 'stdout' | 'stderr' | 'runner';

/** A piece of a job's log. Bytes, not text: a chunk may end in the middle of a character or line. */
export interface LogChunk {
  readonly stream: LogStream;
  /** When the bytes arrived, milliseconds since the epoch. */
  readonly at: number;
  readonly bytes: Uint8Array;
}
