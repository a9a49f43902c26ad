import { HttpProblem } from '@xx-pipeline/service';
import type { HandlersOf, HttpParts } from './HttpParts.ts';

/** Workers: who they are, whether they live, what they get. */
export function workerHandlers({
  scheduling: { registry, scheduler },
}: HttpParts): HandlersOf<
  'registerWorker' | 'heartbeat' | 'pollJobs' | 'reserveExecution' | 'drainWorker' | 'listWorkers'
> {
  return {
    registerWorker: async ({ body }) => ({ status: 200, body: HttpProblem.orThrow(await registry.register(body)) }),
    heartbeat: async ({ body }) => ({ status: 200, body: HttpProblem.orThrow(await registry.heartbeat(body)) }),
    pollJobs: async ({ body, signal }) => {
      return { status: 200, body: HttpProblem.orThrow(await scheduler.takeJobsFor(body, signal)) };
    },
    reserveExecution: async ({ params, body }) => {
      return { status: 200, body: HttpProblem.orThrow(await registry.reserve(params.id, body)) };
    },
    drainWorker: async ({ params }) => {
      return { status: 200, body: HttpProblem.orThrow(await registry.drain(params.workerId)) };
    },
    listWorkers: async () => ({ status: 200, body: { workers: await registry.list() } }),
  };
}
