import { type ClientRequest, Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { pipeline, Readable } from 'node:stream';
import { type ApiRequest, type ApiResponse, type ApiTransport, ApiUnreachable } from '@xx-pipeline/common/api';

/** How to reach one server. */
export interface NodeTransportOptions {
  /** `http://host:port` or `https://…`, with a path in front of the API's where there is one. */
  readonly baseUrl: string;
  /** Certificates to trust besides the system's, PEM. */
  readonly ca?: string;
  /** Connections at once; more requests wait. Default: as many as there are requests. */
  readonly connections?: number;
  /** Milliseconds without a byte after which a connection counts as broken. Default 90 s, more than any pause of the API. */
  readonly silence?: number;
}

const maxIdleConnections = 64;

/** Requests over HTTP/1.1 with connections kept alive. */
export class NodeTransport implements ApiTransport {
  readonly #agent: HttpAgent;
  readonly #request: typeof httpRequest;
  readonly #base: URL;
  readonly #silence: number;

  constructor({ baseUrl, ca, connections = Number.POSITIVE_INFINITY, silence = 90_000 }: NodeTransportOptions) {
    this.#base = new URL(baseUrl);
    this.#silence = silence;
    const agentOptions = { keepAlive: true, maxSockets: connections, maxFreeSockets: maxIdleConnections };
    const secure = this.#base.protocol === 'https:';
    this.#agent = secure ? new HttpsAgent({ ...agentOptions, ...(ca && { ca }) }) : new HttpAgent(agentOptions);
    this.#request = secure ? httpsRequest : httpRequest;
  }

  async send(request: ApiRequest): Promise<ApiResponse> {
    request.signal?.throwIfAborted();
    try {
      return await this.#attempt(request);
    } catch (error) {
      // The server had closed the kept connection meanwhile: nothing was carried out that could not be said again.
      if (!(error instanceof StaleConnection)) throw this.#explain(error, request);
    }
    try {
      return await this.#attempt(request);
    } catch (error) {
      throw this.#explain(error, request);
    }
  }

  /** Ends kept connections; requests under way break off. */
  close(): void {
    this.#agent.destroy();
  }

  #attempt({ method, path, headers, body, signal }: ApiRequest): Promise<ApiResponse> {
    const streamed = body !== null && !(body instanceof Uint8Array);
    return new Promise((resolve, reject) => {
      const sent = this.#request({
        agent: this.#agent,
        protocol: this.#base.protocol,
        hostname: this.#base.hostname.replace(/^\[|\]$/g, ''),
        port: this.#base.port,
        method,
        path: this.#base.pathname.replace(/\/$/, '') + path,
        headers: body instanceof Uint8Array ? { ...headers, 'content-length': body.length } : headers,
        timeout: this.#silence,
        ...(signal && { signal }),
      });
      sent.on('timeout', () => sent.destroy(new Error(`no byte for ${this.#silence / 1000} s`)));
      sent.on('error', (error: NodeJS.ErrnoException) => {
        const stale = sent.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
        reject(stale && !streamed && method !== 'POST' ? new StaleConnection() : error);
      });
      sent.on('response', (response) => {
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: this.#readBody(response, sent, signal),
        });
      });
      if (streamed) pipeline(Readable.from(body, { objectMode: false }), sent, (error) => error && sent.destroy(error));
      else sent.end(body ?? undefined);
    });
  }

  async *#readBody(response: IncomingMessage, sent: ClientRequest, signal: AbortSignal | undefined) {
    try {
      for await (const chunk of response) yield chunk as Uint8Array;
    } catch (error) {
      throw this.#explain(error, { signal });
    } finally {
      if (!response.complete) sent.destroy();
    }
  }

  #explain(error: unknown, { signal }: { signal?: AbortSignal | undefined }): unknown {
    if (signal?.aborted) return signal.reason;
    const { code, message } = error as NodeJS.ErrnoException;
    return new ApiUnreachable(`no answer from ${this.#base.origin}: ${explainCode(code) ?? message}`, { cause: error });
  }
}

class StaleConnection extends Error {}

function explainCode(code: string | undefined): string | null {
  switch (code) {
    case 'ECONNREFUSED':
      return 'nothing listens there';
    case 'ECONNRESET':
    case 'EPIPE':
      return 'the connection broke';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'there is no such host';
    default:
      return null;
  }
}
