import type { RunEvent } from '@xx-pipeline/client';

/** Shows a run in progress. */
export interface RunRenderer {
  /** Shows the next event. If it returns a promise, wait for it before the next event: the output is slow. */
  event(event: RunEvent): void | Promise<void>;
  /** Restores the terminal, also after a run that was interrupted. Idempotent. */
  close(): void;
}
