import { HttpProblem } from '@xx-pipeline/service';
import { principal } from './attempt-access.ts';
import { followExecution } from './follow-execution.ts';
import type { HandlersOf, HttpParts } from './HttpParts.ts';
import { lastEventId } from './log-handlers.ts';

/** Runs: made, looked at, followed, canceled, retried, reported. */
export function pipelineHandlers({
  services: { pipelines },
  stores: { executions, wakeups },
  clock,
}: HttpParts): HandlersOf<
  | 'createExecution'
  | 'listExecutions'
  | 'getExecution'
  | 'getPlan'
  | 'followExecution'
  | 'cancelExecution'
  | 'retryExecution'
  | 'getReport'
  | 'listReports'
> {
  return {
    createExecution: async ({ body, caller, rawHeaders }) => {
      const key = idempotencyKey(rawHeaders['idempotency-key']);
      const { execution } = HttpProblem.orThrow(await pipelines.createPipelineExecution(body, principal(caller), key));
      return { status: 201, body: execution, headers: { location: `/api/pipelines/executions/${execution.id}` } };
    },
    listExecutions: async ({ query }) => ({ status: 200, body: await executions.list(query) }),
    getExecution: async ({ params }) => {
      return { status: 200, body: HttpProblem.orThrow(await pipelines.getExecution(params.id)) };
    },
    getPlan: async ({ params }) => ({ status: 200, body: HttpProblem.orThrow(await pipelines.getPlan(params.id)) }),
    followExecution: async ({ params: { id }, rawHeaders, signal }) => {
      HttpProblem.orThrow(await pipelines.getExecution(id));
      const after = lastEventId(rawHeaders) ?? 0;
      return { status: 200, body: followExecution({ executions, wakeups, clock }, id, after, signal) };
    },
    cancelExecution: async ({ params, body, caller }) => {
      const canceled = await pipelines.cancelPipelineExecution(params.id, principal(caller), body.reason);
      return { status: 202, body: HttpProblem.orThrow(canceled) };
    },
    retryExecution: async ({ params, caller }) => {
      const retried = await pipelines.retryPipelineExecution(params.id, principal(caller));
      return { status: 200, body: HttpProblem.orThrow(retried) };
    },
    getReport: async ({ params }) => {
      return { status: 200, body: HttpProblem.orThrow(await pipelines.report(params.id)) };
    },
    listReports: async ({ query }) => {
      const page = await executions.list(query);
      const reports = [];
      // A run may go between the two looks; it is then left out.
      for (const { id } of page.executions) {
        const report = await pipelines.report(id);
        if (report.ok) reports.push(report.value);
      }
      return { status: 200, body: { reports, nextCursor: page.nextCursor } };
    },
  };
}

function idempotencyKey(given: string | string[] | undefined): string | null {
  if (given === undefined) return null;
  if (typeof given !== 'string' || !/^[\x21-\x7e]{1,255}$/.test(given)) {
    throw new HttpProblem('bad_request', 'Idempotency-Key has 1 to 255 visible characters');
  }
  return given;
}
