import type { Clock } from '@xx-pipeline/common';
import { isTerminal } from '@xx-pipeline/common';
import { type EncodedEvents, HttpProblem, type OutgoingEvent } from '@xx-pipeline/service';
import type { Wakeups } from '../events/Wakeups.ts';
import type { JobQueries } from '../execution/JobQueries.ts';
import type { LogKey } from '../logs/LogStore.ts';
import { logName } from '../logs/log-name.ts';
import type { LogEvents } from './LogEvents.ts';
import { WakeLatch } from './WakeLatch.ts';

/** How often an attempt without new output is asked whether it has ended: hints may get lost. */
const lookAgain = 5_000;

/** The parts of following. */
export interface FollowLogParts {
  readonly events: LogEvents;
  readonly queries: JobQueries;
  readonly wakeups: Wakeups;
  readonly clock: Clock;
}

/** A log from an offset on as events, until its attempt has ended and everything was sent. */
export async function* followLog(
  { events, queries, wakeups, clock }: FollowLogParts,
  key: LogKey,
  from: number,
  signal: AbortSignal,
): AsyncGenerator<OutgoingEvent | EncodedEvents> {
  // Rings when the log has grown and when the attempt has ended.
  const latch = new WakeLatch(wakeups, clock, [`log:${logName(key)}`]);
  const leave = events.follow(key);
  let offset = from;
  try {
    while (!signal.aborted) {
      let part = await events.read(key, offset);
      if (part === null) {
        const ended = await hasEnded(queries, key);
        // Asked again: what was written until the end is read after it.
        if (ended) part = await events.read(key, offset);
        if (ended && part === null) {
          yield { event: 'end', data: {} };
          return;
        }
        if (!ended) await latch.next(lookAgain, signal);
      }
      if (part === null) continue;
      offset = part.next;
      yield { encoded: part.events };
    }
  } finally {
    latch.close();
    leave();
  }
}

async function hasEnded(queries: JobQueries, { jobId, attempt }: LogKey): Promise<boolean> {
  const job = HttpProblem.orThrow(await queries.getJob(jobId));
  const record = job.attempts.find(({ number }) => number === attempt);
  if (record !== undefined) return isTerminal(record.status);
  // An attempt that was never recorded ends with its job, or when a later one has begun.
  return isTerminal(job.status) || job.attempts.some(({ number }) => number > attempt);
}
