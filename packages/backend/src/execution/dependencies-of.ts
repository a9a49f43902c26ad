import { type DependencyState, isTerminal, type JobExecution } from '@xx-pipeline/common';
import type { ExecutionDraft } from './ExecutionDraft.ts';
import { makeUnassignedRequest, type RequestSurroundings } from './make-job-request.ts';

/**
 * How far the jobs are that one waits for. For a job whose turn has come these are the dependencies of its request;
 * for one that was handed out before its turn also what would bring that turn: its needs, or the earlier stages.
 */
export function dependenciesOf(
  draft: ExecutionDraft,
  job: JobExecution,
  around: RequestSurroundings,
): DependencyState[] {
  const plan = draft.planOf(job);
  const request = makeUnassignedRequest(draft, job, 1, around);
  const names = new Set((request.ok ? (request.value.needs ?? []) : []).map(({ jobName }) => jobName));
  const toleratesFailures = plan.when === 'on_failure' || plan.when === 'always';
  if (!toleratesFailures) for (const need of plan.needs ?? []) names.add(need.job);
  if (job.status === 'CREATED' && plan.needs === null) for (const name of openBefore(draft, job)) names.add(name);
  return [...names].map((name) => {
    const { id, status, allowFailure } = draft.jobNamed(name);
    return { jobId: id, jobName: name, status, allowFailure };
  });
}

function openBefore(draft: ExecutionDraft, job: JobExecution): string[] {
  const stages = draft.index.plan.stages;
  const own = stages.findIndex(({ name }) => name === job.stage);
  const earlier = new Set(stages.slice(0, own).map(({ name }) => name));
  return draft.jobs
    .filter(
      ({ stage, status, allowFailure }) =>
        earlier.has(stage) && !isTerminal(status) && !(status === 'MANUAL' && allowFailure),
    )
    .map(({ name }) => name);
}

/** Whether a job's plan names another one: as a need or as the source of artifacts. */
export function dependsOn(draft: ExecutionDraft, jobId: string, otherId: string): boolean {
  const other = draft.jobs.find(({ id }) => id === otherId)?.name;
  if (other === undefined) return false;
  const { needs, artifactsFrom } = draft.planOf(draft.job(jobId));
  return artifactsFrom.includes(other) || (needs ?? []).some(({ job }) => job === other);
}
