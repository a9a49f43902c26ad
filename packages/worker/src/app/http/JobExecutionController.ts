import type { workerRoutes } from '@xx-pipeline/common/api';
import { type Handlers, HttpProblem } from '@xx-pipeline/service';
import type { PipelineExecutionWorkerService } from '../PipelineExecutionWorkerService.ts';

type Operations = Pick<Handlers<typeof workerRoutes>, 'executeJob' | 'executePipeline' | 'cancelJob'>;

/** Jobs given to this worker, over HTTP. */
export function JobExecutionController(service: PipelineExecutionWorkerService): Operations {
  return {
    executeJob: async ({ body }) => {
      const { jobId, attempt, state } = service.executeJob(body);
      return state === 'accepted'
        ? { status: 202, body: { jobId, attempt, state } }
        : { status: 200, body: { jobId, attempt, state } };
    },
    executePipeline: async ({ body }) => ({
      status: 202,
      body: await service.executePipeline(body.pipelineExecutionId),
    }),
    cancelJob: async ({ params: { jobId }, body }) => {
      if (!service.cancelJob(jobId, body.attempt)) throw new HttpProblem('not_found', 'this job does not run here');
      return { status: 202, body: { jobId } };
    },
  };
}
