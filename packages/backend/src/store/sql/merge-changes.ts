import type { ChangeRows, JobRowChange } from './ExecutionWriter.ts';

/** Changes of one execution, made one after the other, as one. */
export interface MergedChange {
  readonly executionId: string;
  /** The version the first was decided on. */
  readonly version: number;
  /** How many they are. */
  readonly raise: number;
  readonly execution: ChangeRows['execution'];
  readonly jobs: readonly JobRowChange[];
  readonly events: readonly (ChangeRows['events'][number] & { readonly at: number })[];
}

/** Makes one change of those of each execution: the last row of each job and record, all events. */
export function mergeChanges(changes: readonly ChangeRows[]): MergedChange[] {
  return [...Map.groupBy(changes, ({ executionId }) => executionId)].map(([executionId, own]) => ({
    executionId,
    version: own[0]?.version ?? 0,
    raise: own.length,
    execution: own.findLast(({ execution }) => execution !== null)?.execution ?? null,
    jobs: [...new Map(own.flatMap(({ jobs }) => jobs.map((job) => [job.id, job] as const))).values()],
    events: own.flatMap(({ at, events }) => events.map((event) => ({ ...event, at }))),
  }));
}
