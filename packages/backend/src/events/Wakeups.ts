/** An event that others wait for. */
export type Topic = 'jobs-pending' | `execution:${string}` | `log:${string}` | `worker:${string}`;

/**
 * Tells waiting code, in this process and in other backends of the same database, that something may have changed.
 * Only a hint: it may come too often or get lost, so listeners also look from time to time.
 */
export interface Wakeups {
  notify(topic: Topic): void;
  /** Calls `listener` at each hint until the returned function is called. */
  listen(topic: Topic, listener: () => void): () => void;
  close(): Promise<void>;
}
