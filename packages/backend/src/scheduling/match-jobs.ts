import type { PendingJob } from '../store/ExecutionStore.ts';

/** A worker that could take jobs now. */
export interface Place {
  readonly workerId: string;
  readonly labels: ReadonlySet<string>;
  readonly slots: number;
  /** How many jobs it can take. */
  readonly free: number;
  /** It did not answer, or refused, the last time: it gets only jobs that no other worker can take. */
  readonly isSuspect: boolean;
}

/** One job for one worker. */
export interface Match {
  readonly job: PendingJob;
  readonly workerId: string;
}

/** Jobs that no worker can take now, whichever else wait with them. */
export interface Hopeless {
  /** Sets of labels, as JSON, that no worker with a free slot has. */
  readonly tags: ReadonlySet<string>;
  /** Runs whose worker has no free slot. */
  readonly executions: ReadonlySet<string>;
}

/** Makes the share of a suspect worker smaller than any other's. */
const suspectShare = 1e-6;

/**
 * Gives jobs, in their order, to the workers with the largest share of free slots among those with all their labels;
 * those of a run that is `reserved` to the worker that has it to itself, whatever its labels.
 */
export function matchJobs(
  pending: readonly PendingJob[],
  places: readonly Place[],
  reserved: ReadonlyMap<string, string> = new Map(),
): { readonly matches: Match[]; readonly hopeless: Hopeless } {
  const free = new Map(places.map((place) => [place.workerId, place.free]));
  let left = places.reduce((sum, place) => sum + place.free, 0);
  const hopeless = { tags: new Set<string>(), executions: new Set<string>() };
  const matches: Match[] = [];
  for (const job of pending) {
    if (left === 0) break;
    const owner = reserved.get(job.executionId);
    if (owner !== undefined) {
      const freeThere = free.get(owner) ?? 0;
      if (freeThere === 0) {
        hopeless.executions.add(job.executionId);
        continue;
      }
      free.set(owner, freeThere - 1);
      left -= 1;
      matches.push({ job, workerId: owner });
      continue;
    }
    const wanted = JSON.stringify(job.tags);
    if (hopeless.tags.has(wanted)) continue;
    let best: Place | null = null;
    let bestShare = 0;
    for (const place of places) {
      const share = ((free.get(place.workerId) ?? 0) / place.slots) * (place.isSuspect ? suspectShare : 1);
      if (share <= bestShare || !hasLabels(place, job.tags)) continue;
      best = place;
      bestShare = share;
    }
    if (best === null) {
      hopeless.tags.add(wanted);
      continue;
    }
    free.set(best.workerId, (free.get(best.workerId) ?? 0) - 1);
    left -= 1;
    matches.push({ job, workerId: best.workerId });
  }
  return { matches, hopeless };
}

/** Whether a worker has all labels a job asks for. */
const hasLabels = ({ labels }: Pick<Place, 'labels'>, tags: readonly string[]): boolean =>
  tags.every((tag) => labels.has(tag));
