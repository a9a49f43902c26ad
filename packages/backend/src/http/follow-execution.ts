import type { Clock } from '@xx-pipeline/common';
import { isTerminal } from '@xx-pipeline/common';
import type { OutgoingEvent } from '@xx-pipeline/service';
import type { Wakeups } from '../events/Wakeups.ts';
import type { ExecutionStore } from '../store/ExecutionStore.ts';
import { WakeLatch } from './WakeLatch.ts';

const batch = 500;
const lookAgain = 5_000;

/**
 * Everything that happened to a run behind event `after`, then what happens, until it has finished. A run that was
 * retried has several `finished` in its past: only the last thing that happened ends the stream.
 */
export async function* followExecution(
  parts: { readonly executions: ExecutionStore; readonly wakeups: Wakeups; readonly clock: Clock },
  executionId: string,
  after: number,
  signal: AbortSignal,
): AsyncGenerator<OutgoingEvent> {
  const latch = new WakeLatch(parts.wakeups, parts.clock, [`execution:${executionId}`]);
  let last = after;
  let finished = await isOver(parts.executions, executionId);
  try {
    while (!signal.aborted) {
      const events = await parts.executions.eventsAfter(executionId, last, batch);
      for (const { id, event } of events) {
        last = id;
        finished = event.type === 'finished';
        yield { id, event: event.type, data: event.data };
      }
      if (events.length === 0 && finished) return;
      if (events.length === 0) await latch.next(lookAgain, signal);
    }
  } finally {
    latch.close();
  }
}

/** The last event of a run that has ended may have been sent before, or never have been written. */
async function isOver(executions: ExecutionStore, executionId: string): Promise<boolean> {
  const found = await executions.find(executionId);
  return found === null || isTerminal(found.execution.status);
}
