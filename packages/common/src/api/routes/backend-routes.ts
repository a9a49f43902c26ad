import { artifactRoutes } from './artifact-routes.ts';
import { fleetRoutes } from './fleet-routes.ts';
import { jobRoutes } from './job-routes.ts';
import { logRoutes } from './log-routes.ts';
import { pipelineRoutes } from './pipeline-routes.ts';
import { serviceRoutes } from './service-routes.ts';
import { sourceRoutes } from './source-routes.ts';

/** The backend's API, one entry per operation; each noun has a table of its own. */
export const backendRoutes = {
  ...pipelineRoutes,
  ...jobRoutes,
  ...logRoutes,
  ...artifactRoutes,
  ...sourceRoutes,
  ...fleetRoutes,
  ...serviceRoutes,
} as const;
