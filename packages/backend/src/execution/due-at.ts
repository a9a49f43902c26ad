import type { JobExecution, JobPlan } from '@xx-pipeline/common';

/** When a pending job may go to a worker, ms: a delayed one after its time, unless it was played or is tried again. */
export function dueAt(plan: JobPlan, { eligibleAt, waitingReason, attempts }: JobExecution): number {
  if (eligibleAt === null) return Number.POSITIVE_INFINITY;
  const since = Date.parse(eligibleAt);
  const isDelayed = plan.when === 'delayed' && waitingReason !== null && attempts.length === 0;
  return isDelayed ? since + (plan.startIn ?? 0) * 1000 : since;
}
