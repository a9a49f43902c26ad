import { type ApiClient, backendRoutes, createApiClient } from '@xx-pipeline/common/api';
import { NodeTransport } from '@xx-pipeline/service/http';
import type { ServerAddress } from './find-server.ts';

/** Speaks to one backend: every operation of its API, each call one attempt. Policy stands with the callers. */
export class BackendApiClient {
  readonly server: ServerAddress;
  readonly api: ApiClient<typeof backendRoutes>;
  readonly #transport: NodeTransport;

  constructor(server: ServerAddress) {
    this.server = server;
    this.#transport = new NodeTransport({ baseUrl: server.url });
    this.api = createApiClient(backendRoutes, { transport: this.#transport, token: server.token });
  }

  /** Where people and programs find a run. */
  runUrl(executionId: string): string {
    return `${this.server.url}/api/pipelines/executions/${executionId}`;
  }

  /** Ends all connections. */
  close(): void {
    this.#transport.close();
  }
}
