import type { LogChunk } from '@xx-pipeline/common';

/** One attempt's log. */
export interface LogKey {
  readonly jobId: string;
  readonly attempt: number;
}

/** The result of an append. */
export type AppendResult =
  | { readonly kind: 'appended'; readonly nextOffset: number }
  /** Bytes before the offset are missing. */
  | { readonly kind: 'gap'; readonly nextOffset: number };

/** A stretch of a log with one origin. */
export interface LogSegment {
  readonly offset: number;
  readonly chunk: LogChunk;
}

/**
 * Logs as bytes with offsets. Appending is idempotent: bytes that are there already are taken as repeated, whatever
 * was acknowledged survives a kill. The stream and time of every stretch are kept. Any backend can serve any log. When
 * a log has grown, the topic `log:<name>` is notified in all of them.
 */
export interface LogStore {
  /** Appends chunks whose first byte has this offset. */
  append(key: LogKey, offset: number, chunks: readonly LogChunk[]): Promise<AppendResult>;
  /** Appends chunks if the log has exactly `size` bytes; false when it has not. For those who have no offsets of their own. */
  appendIf(key: LogKey, size: number, chunks: readonly LogChunk[]): Promise<boolean>;
  /** Bytes so far. */
  size(key: LogKey): Promise<number>;
  /** Segments from an offset on, up to about `limit` bytes; empty at the end. */
  read(key: LogKey, offset: number, limit: number): Promise<LogSegment[]>;
  close(): Promise<void>;
}
