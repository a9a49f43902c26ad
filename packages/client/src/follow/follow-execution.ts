import type { ExecutionStatus, JobExecution } from '@xx-pipeline/common';
import { ApiUnreachable, jobExecutionSchema, statusSchema } from '@xx-pipeline/common/api';
import type { BackendApi } from './BackendApi.ts';
import type { Connection } from './Connection.ts';

/** A change of a run. */
export type ExecutionChange =
  | { readonly type: 'job'; readonly job: JobExecution }
  | { readonly type: 'status'; readonly status: ExecutionStatus }
  /** Nothing more will happen unless a person does something. */
  | { readonly type: 'finished' };

/** Yields every change of a run, from its creation until it has finished, each once and in order. */
export async function* followExecution(
  id: string,
  backend: BackendApi,
  connection: Connection,
): AsyncGenerator<ExecutionChange> {
  const { signal } = connection;
  let last = 0;
  let finished = false;
  for (let tries = 0; ; ) {
    const begun = connection.clock.now();
    try {
      const headers: Record<string, string> = last === 0 ? {} : { 'last-event-id': String(last) };
      const { body } = await backend.api.followExecution({ params: { id } }, { signal, headers });
      connection.succeeded();
      for await (const event of body) {
        const number = Number(event.id ?? last + 1);
        if (number <= last) continue;
        last = number;
        tries = 0;
        // A run that was retried has finished before: the event counts only if the stream ends with it.
        finished = event.event === 'finished';
        const change = readChange(event.event, event.data);
        if (change !== null) yield change;
      }
      if (finished || (await isOver(id, backend, connection))) {
        yield { type: 'finished' };
        return;
      }
      throw new ApiUnreachable(`the connection to ${backend.url} broke`);
    } catch (error) {
      await connection.pauseAfter(error, tries++, begun);
    }
  }
}

function readChange(type: string, data: string): ExecutionChange | null {
  const record: unknown = JSON.parse(data);
  switch (type) {
    case 'job-changed':
      return { type: 'job', job: jobExecutionSchema.parse(record) };
    case 'execution-changed':
      return { type: 'status', status: statusSchema.parse((record as { status?: unknown }).status) };
    default:
      // `finished`, and events that only newer servers send.
      return null;
  }
}

async function isOver(id: string, backend: BackendApi, { signal }: Connection): Promise<boolean> {
  const { body } = await backend.api.getExecution({ params: { id } }, { signal });
  return body.completedAt !== null;
}
