import type { workerRoutes } from '@xx-pipeline/common/api';
import type { Handlers } from '@xx-pipeline/service';
import type { ContactState } from '../BackendContact.ts';
import type { PipelineExecutionWorkerService } from '../PipelineExecutionWorkerService.ts';

type Operations = Pick<Handlers<typeof workerRoutes>, 'health'>;

/** Whether this worker takes and runs jobs. */
export function WorkerHealthController(parts: {
  readonly service: PipelineExecutionWorkerService;
  /** One line about what runs containers, or what is wrong with it. */
  readonly engine: () => Promise<{ ok: boolean; text: string }>;
  readonly contact: () => ContactState | null;
}): Operations {
  const { service, engine, contact } = parts;
  return {
    health: async () => {
      const { ok, text } = await engine();
      const failing = !ok || service.isDiskFull || contact() === 'refused';
      const status = failing ? 'failing' : service.isDraining ? 'draining' : 'ok';
      return { status: 200, body: { status, ...service.counts(), engine: text } };
    },
  };
}
