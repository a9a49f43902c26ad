import type { workerRoutes } from '@xx-pipeline/common/api';
import { type Handlers, HttpProblem } from '@xx-pipeline/service';
import type { PipelineExecutionWorkerService } from '../PipelineExecutionWorkerService.ts';

type Operations = Pick<Handlers<typeof workerRoutes>, 'executeJob' | 'executePipeline' | 'cancelJob'>;

/** Handlers for jobs that are given to this worker over HTTP. */
export class JobExecutionController implements Operations {
  readonly #service: PipelineExecutionWorkerService;

  constructor(service: PipelineExecutionWorkerService) {
    this.#service = service;
  }

  readonly executeJob: Operations['executeJob'] = async ({ body: request }) => {
    const { state, ...body } = HttpProblem.orThrow(this.#service.executeJob(request));
    return state === 'accepted' ? { status: 202, body: { ...body, state } } : { status: 200, body: { ...body, state } };
  };

  readonly executePipeline: Operations['executePipeline'] = async ({ body: { pipelineExecutionId } }) => {
    const reserved = await this.#service.executePipeline(pipelineExecutionId);
    return { status: 202, body: HttpProblem.orThrow(reserved) };
  };

  readonly cancelJob: Operations['cancelJob'] = async ({ params: { jobId }, body }) => {
    if (!this.#service.cancelJob(jobId, body.attempt)) throw new HttpProblem('not_found', 'this job does not run here');
    return { status: 202, body: { jobId } };
  };
}
