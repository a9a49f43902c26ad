import { isTerminal, type JobRequest } from '@xx-pipeline/common';
import { currentAttempt } from './decide-update.ts';
import type { ExecutionDraft } from './ExecutionDraft.ts';
import { makeJobRequest, type RequestSurroundings } from './make-job-request.ts';

/** The requests of the jobs of a run that are still to come and belong to no worker, in an order that respects dependencies. */
export function executionRequests(draft: ExecutionDraft, around: RequestSurroundings): JobRequest[] {
  const runner = { id: '0', description: 'xx-pipeline', version: around.server.version };
  return inOrder(draft).flatMap((number) => {
    const job = draft.execution.jobs[number];
    if (job === undefined || isTerminal(job.status) || job.status === 'RUNNING' || job.status === 'MANUAL') return [];
    if (draft.assignments.has(job.id)) return [];
    const attempt = currentAttempt({ job, assignment: undefined });
    const request = makeJobRequest(draft, { job, attempt, runner }, around);
    return request.ok ? [request.value] : [];
  });
}

/** Numbers of the jobs, needs before what needs them; else as in the plan. Stages never need later ones. */
function inOrder({ index }: ExecutionDraft): number[] {
  const done = new Set<number>();
  const visit = (start: number) => {
    const open = [start];
    for (let number = open.at(-1); number !== undefined; number = open.at(-1)) {
      const missing = (index.needs[number] ?? []).filter((need) => !done.has(need));
      if (missing.length > 0) open.push(...missing);
      else {
        open.pop();
        done.add(number);
      }
    }
  };
  for (const number of index.jobs.keys()) if (!done.has(number)) visit(number);
  return [...done];
}
