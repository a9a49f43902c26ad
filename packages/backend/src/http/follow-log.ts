import { isUtf8 } from 'node:buffer';
import { isTerminal } from '@xx-pipeline/common';
import { HttpProblem, type OutgoingEvent } from '@xx-pipeline/common/service';
import type { JobExecutionService } from '../execution/JobExecutionService.ts';
import type { LogKey, LogSegment, LogStore } from '../logs/LogStore.ts';

const readBytes = 256 * 1024;
/** How often an attempt without new output is asked whether it has ended. */
const lookAgain = 1_000;

/** What following takes. */
export interface FollowLogParts {
  readonly logs: LogStore;
  readonly jobs: JobExecutionService;
}

/** A log from an offset on as events, until its attempt has ended and all was told. */
export async function* followLog(
  { logs, jobs }: FollowLogParts,
  key: LogKey,
  from: number,
  signal: AbortSignal,
): AsyncGenerator<OutgoingEvent> {
  let offset = from;
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
      if (!ended) await waitForMore(logs, key, offset, signal);
    }
    for (const segment of segments) {
      offset = segment.offset + segment.chunk.bytes.length;
      yield logEvent(segment);
    }
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

async function waitForMore(logs: LogStore, key: LogKey, offset: number, signal: AbortSignal): Promise<void> {
  const patience = new AbortController();
  const stop = () => patience.abort();
  const timer = setTimeout(stop, lookAgain);
  signal.addEventListener('abort', stop, { once: true });
  try {
    await logs.grown(key, offset, patience.signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  }
}
