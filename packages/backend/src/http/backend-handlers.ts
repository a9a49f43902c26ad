import type { backendRoutes } from '@xx-pipeline/common/api';
import type { Handlers } from '@xx-pipeline/service';
import { artifactHandlers } from './artifact-handlers.ts';
import type { HttpParts } from './HttpParts.ts';
import { jobHandlers } from './job-handlers.ts';
import { logHandlers } from './log-handlers.ts';
import { pipelineHandlers } from './pipeline-handlers.ts';
import { serviceHandlers } from './service-handlers.ts';
import { sourceHandlers } from './source-handlers.ts';
import { workerHandlers } from './worker-handlers.ts';

/** The code of every operation of the backend's API; one that is missing does not compile. */
export const backendHandlers = (parts: HttpParts): Handlers<typeof backendRoutes> => ({
  ...jobHandlers(parts),
  ...logHandlers(parts),
  ...artifactHandlers(parts),
  ...pipelineHandlers(parts),
  ...sourceHandlers(parts),
  ...workerHandlers(parts),
  ...serviceHandlers(parts),
});
