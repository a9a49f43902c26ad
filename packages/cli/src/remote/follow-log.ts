import type { LogChunk } from '@xx-pipeline/common';
import { ApiUnreachable, logEventSchema } from '@xx-pipeline/common/api';
import type { BackendApiClient } from './BackendApiClient.ts';
import type { Connection } from './Connection.ts';

/** The log of one attempt. */
export interface LogOfAttempt {
  readonly jobId: string;
  readonly attempt: number;
}

/**
 * A log from its beginning to the end of its attempt, each byte once, whatever happens to the connection. The next
 * stretch is read when the one before has been taken: a slow reader slows the stream down. `ended` says that
 * the attempt has ended: asked again, the server sees so at once, while an open stream learns it some time later.
 */
export async function* followLog(
  { jobId, attempt }: LogOfAttempt,
  client: BackendApiClient,
  connection: Connection,
  ended: AbortSignal | null = null,
): AsyncGenerator<LogChunk> {
  let offset = 0;
  let hurries = false;
  for (let tries = 0; ; ) {
    const begun = Date.now();
    hurries ||= ended === null || ended.aborted;
    const signal = hurries || ended === null ? connection.signal : AbortSignal.any([connection.signal, ended]);
    try {
      const { body } = await client.api.followLog({ params: { jobId }, query: { attempt, offset } }, { signal });
      connection.works();
      for await (const event of body) {
        if (event.event === 'end') return;
        if (event.event !== 'log') continue;
        const chunk = readLogEvent(event.data);
        const bytes = chunk.bytes.subarray(Math.max(0, offset - chunk.offset));
        tries = 0;
        if (bytes.length === 0) continue;
        offset = chunk.offset + chunk.bytes.length;
        const { offset: _, ...origin } = chunk;
        yield { ...origin, bytes };
      }
      throw new ApiUnreachable(`the connection to ${client.server.url} broke`);
    } catch (error) {
      if (!hurries && ended?.aborted === true && !connection.signal.aborted) continue;
      await connection.failed(error, tries++, begun);
    }
  }
}

function readLogEvent(data: string): LogChunk & { readonly offset: number } {
  const { text, base64, mark, ...place } = logEventSchema.parse(JSON.parse(data));
  const bytes = text === undefined ? Buffer.from(base64 ?? '', 'base64') : Buffer.from(text);
  return mark === undefined ? { ...place, bytes } : { ...place, bytes, mark };
}
