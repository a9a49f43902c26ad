import { openApiDocument, type workerConfigSchema, workerRoutes } from '@xx-pipeline/common/api';
import type { Handlers } from '@xx-pipeline/service';
import type { z } from 'zod';

type Operations = Pick<Handlers<typeof workerRoutes>, 'config' | 'openapi'>;

/** How this worker is set up, and what its API is. */
export function WorkerConfigController(config: z.output<typeof workerConfigSchema>): Operations {
  const document = openApiDocument(workerRoutes, {
    title: 'xx-pipeline worker',
    version: config.version,
    description: 'Takes jobs and runs each in a container.',
  });
  return {
    config: async () => ({ status: 200, body: config }),
    openapi: async () => ({ status: 200, body: document }),
  };
}
