import type { ServerResponse } from 'node:http';
import { writeServerSentEvent } from '@xx-pipeline/common/api';
import type { EncodedEvents, OutgoingEvent } from './handler-types.ts';

/**
 * Sends events as they come until there are no more or the client has gone. The next event is asked for only when the
 * connection has taken the last one, so a slow reader costs one event of memory.
 */
export async function sendEvents(
  response: ServerResponse,
  events: AsyncIterable<OutgoingEvent | EncodedEvents>,
  options: { readonly pingEvery: number },
): Promise<void> {
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  });
  response.flushHeaders();
  const ping = setInterval(() => {
    if (!response.writableNeedDrain && !response.destroyed) response.write(': ping\n\n');
  }, options.pingEvery);
  try {
    for await (const event of events) {
      if (response.destroyed) break;
      const bytes = 'encoded' in event ? event.encoded : writeServerSentEvent(event);
      if (!response.write(bytes)) await drained(response);
    }
  } finally {
    clearInterval(ping);
    response.end();
  }
}

/** Resolves when the connection takes more, or is gone: the server's socket timeout ends readers that read nothing. */
export async function drained(response: ServerResponse): Promise<void> {
  if (!response.writableNeedDrain || response.destroyed) return;
  await new Promise<void>((resolve) => {
    const done = () => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.on('drain', done).on('close', done);
  });
}
