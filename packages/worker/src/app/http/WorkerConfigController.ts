import { openApiDocument, type workerConfigSchema, workerRoutes } from '@xx-pipeline/common/api';
import type { Handlers } from '@xx-pipeline/service';
import type { z } from 'zod';

type Operations = Pick<Handlers<typeof workerRoutes>, 'config' | 'openapi'>;

/** Handlers for the settings of this worker and the description of its API. */
export class WorkerConfigController implements Operations {
  readonly #config: z.output<typeof workerConfigSchema>;
  readonly #document: object;

  constructor(config: z.output<typeof workerConfigSchema>) {
    this.#config = config;
    this.#document = openApiDocument(workerRoutes, {
      title: 'xx-pipeline worker',
      version: config.version,
      description: 'Accepts jobs and runs each in a container.',
    });
  }

  readonly config: Operations['config'] = async () => ({ status: 200, body: this.#config });

  readonly openapi: Operations['openapi'] = async () => ({ status: 200, body: this.#document });
}
