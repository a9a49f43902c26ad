import type { Clock } from '@xx-pipeline/common';
import type { CancelNotice } from '../execution/execution-parts.ts';
import type { SecretBox } from '../secrets/SecretBox.ts';
import type { WorkerStore } from '../store/WorkerStore.ts';
import type { WorkerClient } from './WorkerClient.ts';
import { workerAddress } from './worker-address.ts';

const timeout = 5000;

/** Tells workers that attempts are to end, each once: whoever does not hear it hears it with the next heartbeat. */
export async function tellCancels(
  cancels: readonly CancelNotice[],
  parts: {
    readonly workers: WorkerStore;
    readonly client: WorkerClient;
    readonly clock: Clock;
    readonly secrets: SecretBox;
  },
): Promise<void> {
  const known = new Map((await parts.workers.list()).map(({ worker }) => [worker.id, worker]));
  const over = new AbortController();
  parts.clock.sleep(timeout, over.signal).then(
    () => over.abort(),
    () => {},
  );
  await Promise.all(
    cancels.map(async ({ workerId, jobId, attempt }) => {
      const worker = known.get(workerId);
      const address = worker === undefined ? null : workerAddress(worker, parts.secrets);
      if (address !== null) await parts.client.cancelJob(address, { jobId, attempt }, over.signal);
    }),
  );
  over.abort();
}
