import { isUtf8 } from 'node:buffer';
import { isTerminal } from '@xx-pipeline/common';
import { HttpProblem, type OutgoingEvent } from '@xx-pipeline/common/service';
import type { JobExecutionService } from '../execution/JobExecutionService.ts';
import type { Wakeups } from '../events/Wakeups.ts';
import type { LogKey, LogSegment, LogStore } from '../logs/LogStore.ts';
import { logName } from '../logs/log-name.ts';
import { WakeLatch } from './WakeLatch.ts';

const readBytes = 256 * 1024;
/** How often an attempt without new output is asked whether it has ended: hints may get lost. */
const lookAgain = 5_000;

/** What following takes. */
export interface FollowLogParts {
  readonly logs: LogStore;
  readonly jobs: JobExecutionService;
  readonly wakeups: Wakeups;
}

/** A log from an offset on as events, until its attempt has ended and all was told. */
export async function* followLog(
  { logs, jobs, wakeups }: FollowLogParts,
  key: LogKey,
  from: number,
  signal: AbortSignal,
): AsyncGenerator<OutgoingEvent> {
  // Rings when the log has grown and when the attempt has ended.
  const latch = new WakeLatch(wakeups, [`log:${logName(key)}`]);
  let offset = from;
  try {
    while (!signal.aborted) {
      // Asked before reading: what is written until the end is read after it.
      const segments = await logs.read(key, offset, readBytes);
      if (segments.length === 0) {
        const ended = await hasEnded(jobs, key);
        const last = ended ? await logs.read(key, offset, readBytes) : [];
        if (ended && last.length === 0) {
          yield { event: 'end', data: {} };
          return;
        }
        if (!ended) await latch.next(lookAgain, signal);
      }
      for (const segment of segments) {
        offset = segment.offset + segment.chunk.bytes.length;
        yield logEvent(segment);
      }
    }
  } finally {
    latch.close();
  }
}

/** A stretch as an event; its id is the offset behind it. */
function logEvent({ offset, chunk }: LogSegment): OutgoingEvent {
  const { stream, at, bytes } = chunk;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const content = isUtf8(buffer) ? { text: buffer.toString() } : { base64: buffer.toString('base64') };
  return { id: offset + bytes.length, event: 'log', data: { offset, stream, at, ...content } };
}

async function hasEnded(jobs: JobExecutionService, { jobId, attempt }: LogKey): Promise<boolean> {
  const job = HttpProblem.orThrow(await jobs.getJob(jobId));
  const record = job.attempts.find(({ number }) => number === attempt);
  if (record !== undefined) return isTerminal(record.status);
  // An attempt that was never recorded ends with its job, or when a later one has begun.
  return isTerminal(job.status) || job.attempts.some(({ number }) => number > attempt);
}
