import type { Clock } from '@xx-pipeline/common';
import type { CancelNotice } from '../execution/execution-parts.ts';
import type { SecretBox } from '../secrets/SecretBox.ts';
import type { WorkerStore } from '../store/WorkerStore.ts';
import type { WorkerClient } from './WorkerClient.ts';
import { workerAddress } from './worker-address.ts';

const timeout = 5000;

/**
 * Asks workers to end attempts, once each: a worker that misses it is asked with the answer to its next heartbeat, which
 * workers that poll are asked for.
 */
export async function tellCancels(
  cancels: readonly CancelNotice[],
  parts: {
    readonly workers: WorkerStore;
    readonly client: WorkerClient;
    readonly clock: Clock;
    readonly secrets: SecretBox;
    readonly nudge: (workerId: string) => void;
  },
): Promise<void> {
  const known = new Map((await parts.workers.list()).map(({ worker }) => [worker.id, worker]));
  const polling = cancels.filter(({ workerId }) => known.get(workerId)?.url === null);
  for (const workerId of new Set(polling.map(({ workerId }) => workerId))) parts.nudge(workerId);
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
