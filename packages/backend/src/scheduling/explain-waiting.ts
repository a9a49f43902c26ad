/** The state of an online worker that accepts jobs. */
export interface OnlineWorker {
  readonly labels: ReadonlySet<string>;
  readonly slots: number;
  readonly busy: number;
  readonly draining: boolean;
}

/** Why a job waits for a worker, in one sentence; null when one could take it any moment. */
export function explainWaiting(tags: readonly string[], workers: readonly OnlineWorker[]): string | null {
  if (workers.length === 0) return 'no worker is online';
  const wanted = tags.length === 1 ? `the label ${tags[0]}` : `all the labels ${tags.join(', ')}`;
  const able = workers.filter(({ labels }) => tags.every((tag) => labels.has(tag)));
  if (able.length === 0) return `no worker has ${wanted} (${workers.length} online)`;
  const among = tags.length === 0 ? '' : ` of workers with ${wanted}`;
  const open = able.filter(({ draining }) => !draining);
  if (open.length === 0) return `all workers${tags.length === 0 ? '' : ` with ${wanted}`} are draining`;
  const slots = open.reduce((sum, worker) => sum + worker.slots, 0);
  const busy = open.reduce((sum, worker) => sum + Math.min(worker.busy, worker.slots), 0);
  if (busy < slots) return null;
  return slots === 1 ? `the only slot${among} is busy` : `all ${slots} slots${among} are busy`;
}

/** The same for a job of a run that one worker has to itself. */
export function explainReserved(worker: {
  readonly name: string;
  readonly slots: number;
  readonly busy: number;
}): string | null {
  return worker.busy < worker.slots ? null : `the run is reserved for worker ${worker.name}, which has no free slot`;
}
