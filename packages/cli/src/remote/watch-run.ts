import { Connection, RemoteRunFollower } from '@xx-pipeline/client';
import { type PipelineExecution, systemClock } from '@xx-pipeline/common';
import type { CommandIo } from '../io/CommandIo.ts';
import { createRunRenderer } from '../render/create-run-renderer.ts';
import type { BackendApiClient } from './BackendApiClient.ts';

/** Milliseconds for which the server may be unreachable while a run is watched. */
const budgetMs = 10 * 60_000;

/** Shows a run from its beginning to its end as `xx run` does, but Ctrl-C only stops the display. */
export async function watchRun(
  execution: PipelineExecution,
  format: 'text' | 'ndjson',
  client: BackendApiClient,
  io: CommandIo,
): Promise<void> {
  const renderer = createRunRenderer({ format, io });
  const over = new AbortController();
  const connection = new Connection({
    clock: systemClock,
    signal: AbortSignal.any([io.interrupted, over.signal]),
    onNotice: (message) => void renderer.event({ type: 'notice', message }),
    budgetMs,
  });
  const emit = renderer.event.bind(renderer);
  const params = { id: execution.id };
  try {
    const { body: plan } = await connection.call((signal) => client.api.getPlan({ params }, { signal }));
    const parts = { backend: client, connection, execution, plan, mask: (command: string) => command, emit };
    await new RemoteRunFollower(parts).run();
  } finally {
    over.abort();
    renderer.close();
  }
}
