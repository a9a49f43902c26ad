import type { LogChunk, LogOrigin } from '@xx-pipeline/common';
import { ApiUnreachable, logEventSchema } from '@xx-pipeline/common/api';
import type { BackendApi } from './BackendApi.ts';
import type { Connection } from './Connection.ts';

/** The log of one attempt. */
export interface LogOfAttempt {
  readonly jobId: string;
  readonly attempt: number;
}

/**
 * Yields a log from its beginning to the end of its attempt, each byte once, across lost connections. The next chunk is
 * read when the consumer asks for it: a slow consumer slows the stream down. `ended` aborts when the attempt has ended:
 * a new request then ends at once, while a stream that is open learns of the end some seconds later.
 */
export async function* followLog(
  { jobId, attempt }: LogOfAttempt,
  backend: BackendApi,
  connection: Connection,
  ended: AbortSignal | null = null,
): AsyncGenerator<LogChunk> {
  let offset = 0;
  let isEnding = false;
  for (let tries = 0; ; ) {
    const begun = connection.clock.now();
    isEnding ||= ended === null || ended.aborted;
    const signal = isEnding || ended === null ? connection.signal : AbortSignal.any([connection.signal, ended]);
    try {
      const { body } = await backend.api.followLog({ params: { jobId }, query: { attempt, offset } }, { signal });
      connection.succeeded();
      for await (const event of body) {
        if (event.event === 'end') return;
        if (event.event !== 'log') continue;
        const chunk = readLogEvent(event.data);
        const bytes = chunk.bytes.subarray(Math.max(0, offset - chunk.offset));
        tries = 0;
        if (bytes.length === 0) continue;
        offset = chunk.offset + chunk.bytes.length;
        yield { ...chunk.origin, bytes };
      }
      throw new ApiUnreachable(`the connection to ${backend.url} broke`);
    } catch (error) {
      if (!isEnding && ended?.aborted === true && !connection.signal.aborted) continue;
      await connection.pauseAfter(error, tries++, begun);
    }
  }
}

function readLogEvent(data: string): {
  readonly offset: number;
  readonly origin: LogOrigin;
  readonly bytes: Uint8Array;
} {
  const { offset, text, base64 = '', ...origin } = logEventSchema.parse(JSON.parse(data));
  return { offset, origin, bytes: text === undefined ? decodeBase64(base64) : new TextEncoder().encode(text) };
}

function decodeBase64(text: string): Uint8Array {
  const characters = atob(text);
  const bytes = new Uint8Array(characters.length);
  for (let index = 0; index < bytes.length; index++) bytes[index] = characters.charCodeAt(index);
  return bytes;
}
