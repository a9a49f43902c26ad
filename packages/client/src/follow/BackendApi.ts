import type { ApiClient, backendRoutes } from '@xx-pipeline/common/api';

/** The operations of one backend, each call one attempt, and the backend's address without a slash at its end. */
export interface BackendApi {
  readonly api: ApiClient<typeof backendRoutes>;
  readonly url: string;
}

/** The address of a run, for people and programs. */
export const runUrl = ({ url }: Pick<BackendApi, 'url'>, executionId: string): string =>
  `${url}/api/pipelines/executions/${executionId}`;
