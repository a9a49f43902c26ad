import type { BackendApi } from '@xx-pipeline/client';
import { type ApiClient, backendRoutes, createApiClient } from '@xx-pipeline/common/api';
import { NodeTransport } from '@xx-pipeline/service/http';
import type { ServerAddress } from './find-server.ts';

/** The API of one backend over HTTP. Retries are the callers' business. */
export class BackendApiClient implements BackendApi {
  readonly server: ServerAddress;
  readonly api: ApiClient<typeof backendRoutes>;
  readonly #transport: NodeTransport;

  constructor(server: ServerAddress) {
    this.server = server;
    this.#transport = new NodeTransport({ baseUrl: server.url });
    this.api = createApiClient(backendRoutes, { transport: this.#transport, token: server.token });
  }

  get url(): string {
    return this.server.url;
  }

  /** Ends all connections. */
  close(): void {
    this.#transport.close();
  }
}
