import { HttpProblem } from '@xx-pipeline/service';
import { appendUpdateLog } from './append-update-log.ts';
import { admitReader, cancelHeader, principal, tokenHolder } from './attempt-access.ts';
import type { HandlersOf, HttpParts } from './HttpParts.ts';

/** Jobs: read, reported by workers, played, retried and canceled by people. */
export function jobHandlers(
  parts: HttpParts,
): HandlersOf<
  | 'getJob'
  | 'getJobDependencies'
  | 'getUpcomingJobs'
  | 'getJobStatus'
  | 'updateJobStatus'
  | 'playJob'
  | 'retryJob'
  | 'cancelJob'
> {
  const { jobs, queries, access } = parts.services;
  return {
    getJob: async ({ params, caller }) => {
      await admitReader(access, caller, params.jobId);
      return { status: 200, body: HttpProblem.orThrow(await queries.getJob(params.jobId)) };
    },
    getJobDependencies: async ({ params, caller }) => {
      await admitReader(access, caller, params.jobId);
      return { status: 200, body: { dependencies: HttpProblem.orThrow(await queries.getDependencies(params.jobId)) } };
    },
    getUpcomingJobs: async ({ params, query, caller }) => {
      await admitReader(access, caller, params.jobId);
      return { status: 200, body: { jobs: HttpProblem.orThrow(await queries.getUpcoming(params.jobId, query.limit)) } };
    },
    getJobStatus: async ({ params, caller }) => {
      await admitReader(access, caller, params.jobId);
      return { status: 200, body: HttpProblem.orThrow(await queries.getStatus(params.jobId)) };
    },
    updateJobStatus: async ({ body: { log, ...update }, caller }) => {
      if (log !== undefined) await appendUpdateLog(parts, update, log, caller);
      const answer = HttpProblem.orThrow(await jobs.updateJobExecutionStatus(update, tokenHolder(caller)));
      const { jobId, status, cancelRequested } = answer;
      return { status: 200, body: { jobId, status }, headers: cancelHeader(cancelRequested) };
    },
    playJob: async ({ params, body, caller }) => {
      const played = await jobs.playJob(params.jobId, principal(caller), body.variables);
      return { status: 200, body: HttpProblem.orThrow(played) };
    },
    retryJob: async ({ params, caller }) => {
      return { status: 200, body: HttpProblem.orThrow(await jobs.retryJob(params.jobId, principal(caller))) };
    },
    cancelJob: async ({ params, caller }) => {
      return { status: 202, body: HttpProblem.orThrow(await jobs.cancelJob(params.jobId, principal(caller))) };
    },
  };
}
