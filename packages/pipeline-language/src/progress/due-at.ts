import type { JobExecution } from '@xx-pipeline/common';

/** The time from which a PENDING job may start, ms; infinite before its turn. The only place that decides about delays. */
export function dueAt({ eligibleAt, notBefore }: Pick<JobExecution, 'eligibleAt' | 'notBefore'>): number {
  return eligibleAt === null ? Number.POSITIVE_INFINITY : Date.parse(notBefore ?? eligibleAt);
}
