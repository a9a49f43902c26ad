import type { RunEvent } from '@xx-pipeline/client';

/** Shows a run while it goes on. */
export interface RunRenderer {
  /** Takes the events in order. A returned promise is back-pressure: wait for it before the next event. */
  event(event: RunEvent): void | Promise<void>;
  /** Leaves the terminal as it should be; also when the run broke off. Idempotent. */
  close(): void;
}
