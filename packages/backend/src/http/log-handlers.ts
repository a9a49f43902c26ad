import { logFramesMediaType } from '@xx-pipeline/common/api';
import { HttpProblem } from '@xx-pipeline/service';
import type { LogKey, LogStore } from '../logs/LogStore.ts';
import { appendLog } from './append-log.ts';
import { admitReader, admitWriter } from './attempt-access.ts';
import { followLog } from './follow-log.ts';
import type { HandlersOf, HttpParts } from './HttpParts.ts';
import { LogEvents } from './LogEvents.ts';

const readBytes = 1024 * 1024;

/** Logs: appended by workers, read and followed by people. */
export function logHandlers({
  services: { queries, access },
  stores: { logs, wakeups },
  clock,
  metrics,
}: HttpParts): HandlersOf<'appendLog' | 'readLog' | 'followLog'> {
  const events = new LogEvents(logs);
  return {
    appendLog: async ({ params: { jobId }, query, body, caller, rawHeaders }) => {
      const { attempt, headers } = await admitWriter(access, caller, jobId, query.attempt);
      const framed =
        String(rawHeaders['content-type'] ?? '')
          .split(';')[0]
          ?.trim() === logFramesMediaType;
      const log = { offset: query.offset, bytes: body, framed };
      const nextOffset = await appendLog(logs, { jobId, attempt }, log, clock);
      metrics.logBytes.add(nextOffset - query.offset);
      return { status: 200, body: { nextOffset }, headers };
    },
    readLog: async ({ params: { jobId }, query, caller, signal }) => {
      await admitReader(access, caller, jobId);
      const attempt = HttpProblem.orThrow(await access.resolveAttempt(jobId, query.attempt, 'latest'));
      const end = query.offset + (query.limit ?? Number.POSITIVE_INFINITY);
      return {
        status: 200,
        body: logBytes(logs, { jobId, attempt }, query.offset, end, signal),
        headers: { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' },
      };
    },
    followLog: async ({ params: { jobId }, query, rawHeaders, signal }) => {
      const attempt = HttpProblem.orThrow(await access.resolveAttempt(jobId, query.attempt));
      const offset = lastEventId(rawHeaders) ?? query.offset;
      return { status: 200, body: followLog({ events, queries, wakeups, clock }, { jobId, attempt }, offset, signal) };
    },
  };
}

async function* logBytes(
  logs: LogStore,
  key: LogKey,
  from: number,
  end: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  let offset = from;
  while (offset < end && !signal.aborted) {
    const segments = await logs.read(key, offset, Math.min(readBytes, end - offset));
    if (segments.length === 0) return;
    for (const { chunk } of segments) {
      const bytes = chunk.bytes.subarray(0, end - offset);
      offset += bytes.length;
      yield bytes;
    }
  }
}

/** The number an event stream is to go on behind; null when the client names none. */
export function lastEventId(headers: Readonly<Record<string, string | string[] | undefined>>): number | null {
  const given = headers['last-event-id'];
  if (given === undefined || given === '') return null;
  if (typeof given !== 'string' || !/^\d{1,15}$/.test(given)) {
    throw new HttpProblem('bad_request', 'Last-Event-ID is not the id of an event of this stream');
  }
  return Number(given);
}
