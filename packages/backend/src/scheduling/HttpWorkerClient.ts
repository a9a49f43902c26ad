import { type JobRequest, messageOf } from '@xx-pipeline/common';
import { ApiProblem, ApiUnreachable, createApiClient, workerRoutes } from '@xx-pipeline/common/api';
import { NodeTransport } from '@xx-pipeline/service/http';
import type { PushAnswer, WorkerAddress, WorkerClient } from './WorkerClient.ts';

/** Errors after which nothing of a request has left this machine. */
const unsent = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'EINVAL']);

const mostTransports = 1000;

/** Workers over HTTP, connections kept alive. */
export class HttpWorkerClient implements WorkerClient {
  readonly #transports = new Map<string, NodeTransport>();

  async notifyWorkerJobAssigned(worker: WorkerAddress, request: JobRequest, signal: AbortSignal): Promise<PushAnswer> {
    try {
      await this.#api(worker).executeJob({ body: request }, { signal });
      return { kind: 'accepted' };
    } catch (error) {
      return explain(error);
    }
  }

  async cancelJob(
    worker: WorkerAddress,
    { jobId, attempt }: { readonly jobId: string; readonly attempt: number },
    signal: AbortSignal,
  ): Promise<boolean> {
    try {
      await this.#api(worker).cancelJob({ params: { jobId }, body: { attempt } }, { signal });
      return true;
    } catch {
      // The next heartbeat repeats it.
      return false;
    }
  }

  close(): void {
    for (const transport of this.#transports.values()) transport.close();
    this.#transports.clear();
  }

  #api({ url, token }: WorkerAddress) {
    return createApiClient(workerRoutes, { transport: this.#transport(url), token });
  }

  #transport(url: string): NodeTransport {
    const known = this.#transports.get(url);
    if (known !== undefined) return known;
    const [oldest] = this.#transports;
    if (this.#transports.size >= mostTransports && oldest !== undefined) {
      this.#transports.delete(oldest[0]);
      oldest[1].close();
    }
    const transport = new NodeTransport({ baseUrl: url, silence: 20_000 });
    this.#transports.set(url, transport);
    return transport;
  }
}

/** Only what is certain counts as refused: an attempt must not go to a second worker while the first may have it. */
function explain(error: unknown): PushAnswer {
  const reason = messageOf(error);
  if (error instanceof ApiProblem) {
    if (error.problem.code === 'bad_request' || error.problem.code === 'too_large') return { kind: 'invalid', reason };
    return error.status >= 500 ? { kind: 'unknown', reason } : { kind: 'refused', reason };
  }
  const { code } = ((error instanceof ApiUnreachable ? error.cause : error) ?? {}) as NodeJS.ErrnoException;
  return code !== undefined && unsent.has(code) ? { kind: 'refused', reason } : { kind: 'unknown', reason };
}
