import type { ExecutionStatus, JobExecution } from '@xx-pipeline/common';
import { ApiUnreachable, jobExecutionSchema, statusSchema } from '@xx-pipeline/common/api';
import type { BackendApiClient } from './BackendApiClient.ts';
import type { Connection } from './Connection.ts';

/** What becomes of a run. */
export type ExecutionNews =
  | { readonly type: 'job'; readonly job: JobExecution }
  | { readonly type: 'status'; readonly status: ExecutionStatus }
  /** Nothing more will happen unless a person does something. */
  | { readonly type: 'finished' };

/** Everything that happens to a run, from its creation until it has finished, each thing once and in order. */
export async function* followExecution(
  id: string,
  client: BackendApiClient,
  connection: Connection,
): AsyncGenerator<ExecutionNews> {
  const { signal } = connection;
  let last = 0;
  let finished = false;
  for (let tries = 0; ; ) {
    const begun = Date.now();
    try {
      const headers: Record<string, string> = last === 0 ? {} : { 'last-event-id': String(last) };
      const { body } = await client.api.followExecution({ params: { id } }, { signal, headers });
      connection.works();
      for await (const event of body) {
        const number = Number(event.id ?? last + 1);
        if (number <= last) continue;
        last = number;
        tries = 0;
        // A run that was retried has ended before: only the end of the stream tells that this end is the last.
        finished = event.event === 'finished';
        const news = readNews(event.event, event.data);
        if (news !== null) yield news;
      }
      if (finished || (await isOver(id, client, connection))) {
        yield { type: 'finished' };
        return;
      }
      throw new ApiUnreachable(`the connection to ${client.server.url} broke`);
    } catch (error) {
      await connection.failed(error, tries++, begun);
    }
  }
}

function readNews(type: string, data: string): ExecutionNews | null {
  const record: unknown = JSON.parse(data);
  switch (type) {
    case 'job-changed':
      return { type: 'job', job: jobExecutionSchema.parse(record) };
    case 'execution-changed':
      return { type: 'status', status: statusSchema.parse((record as { status?: unknown }).status) };
    default:
      // `finished`, and what a newer server may tell.
      return null;
  }
}

async function isOver(id: string, client: BackendApiClient, { signal }: Connection): Promise<boolean> {
  const { body } = await client.api.getExecution({ params: { id } }, { signal });
  return body.completedAt !== null;
}
