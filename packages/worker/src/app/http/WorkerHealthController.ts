import type { workerRoutes } from '@xx-pipeline/common/api';
import type { Handlers } from '@xx-pipeline/service';
import type { ContactState } from '../BackendContact.ts';
import type { PipelineExecutionWorkerService } from '../PipelineExecutionWorkerService.ts';

type Operations = Pick<Handlers<typeof workerRoutes>, 'health'>;

/** The sources of a worker's health. */
export interface WorkerHealthParts {
  readonly service: PipelineExecutionWorkerService;
  /** One line about the engine, or about what is wrong with it. */
  readonly engine: () => Promise<{ ok: boolean; text: string }>;
  /** null: there is no backend. */
  readonly contact: () => ContactState | null;
}

/** Handler for whether this worker accepts and runs jobs. */
export class WorkerHealthController implements Operations {
  readonly #parts: WorkerHealthParts;

  constructor(parts: WorkerHealthParts) {
    this.#parts = parts;
  }

  readonly health: Operations['health'] = async () => {
    const { service, engine, contact } = this.#parts;
    const { ok, text } = await engine();
    const failing = !ok || service.disk.isFull || contact() === 'refused';
    const status = failing ? 'failing' : service.isDraining ? 'draining' : 'ok';
    return { status: 200, body: { status, ...service.attempts.counts(), engine: text } };
  };
}
