/** A repository with waiting jobs. */
export interface WaitingRepository<T> {
  readonly running: number;
  /** Longest waiting first. */
  readonly jobs: readonly T[];
}

/** Takes up to `limit` jobs, each time from the repository that then has the fewest, running and taken together. */
export function takeInTurn<T extends { readonly eligibleAt: number }>(
  repositories: readonly WaitingRepository<T>[],
  limit: number,
): T[] {
  const open = repositories.map(({ running, jobs }) => ({ load: running, jobs, next: 0 }));
  const taken: T[] = [];
  while (taken.length < limit) {
    let best: (typeof open)[number] | undefined;
    for (const candidate of open) {
      if (candidate.next >= candidate.jobs.length) continue;
      if (best === undefined || comesBefore(candidate, best)) best = candidate;
    }
    const job = best?.jobs[best.next];
    if (best === undefined || job === undefined) break;
    taken.push(job);
    best.next += 1;
    best.load += 1;
  }
  return taken;
}

function comesBefore<T extends { readonly eligibleAt: number }>(
  one: { load: number; jobs: readonly T[]; next: number },
  other: { load: number; jobs: readonly T[]; next: number },
): boolean {
  if (one.load !== other.load) return one.load < other.load;
  return (one.jobs[one.next]?.eligibleAt ?? 0) < (other.jobs[other.next]?.eligibleAt ?? 0);
}
