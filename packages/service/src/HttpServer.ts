import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Route } from '@xx-pipeline/common/api';
import { type FastifyInstance, fastify } from 'fastify';
import type { Handlers } from './handler-types.ts';
import { OpenCalls } from './OpenCalls.ts';
import { type ServeOptions, serveRoutes } from './serve-routes.ts';

/** Files of a certificate and its key, PEM. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

/** Where a server listens. */
export interface ListenOptions {
  readonly host: string;
  /** 0 = any free one. */
  readonly port: number;
  readonly tls?: TlsFiles | null;
}

/** Milliseconds that answers under way get when the server closes. */
const closingTime = 5_000;

/** An HTTP server for route tables. */
export class HttpServer {
  readonly app: FastifyInstance;
  readonly #calls = new OpenCalls();

  constructor({ tls }: { readonly tls?: TlsFiles | null } = {}) {
    const settings = {
      // A keep-alive longer than that of clients and proxies; slow senders of headers are cut off.
      keepAliveTimeout: 75_000,
      headersTimeout: 20_000,
      // Bodies may be large and lines slow: a stalled one is cut by the silence of its socket.
      requestTimeout: 0,
      noDelay: true,
    };
    this.app = fastify({
      logger: false,
      forceCloseConnections: false,
      // Told as a problem, as everything else.
      return503OnClosing: false,
      routerOptions: { maxParamLength: 256 },
      // The factory must not be chosen by fastify's options: TLS files are ours to read.
      serverFactory: (handler: (request: IncomingMessage, response: ServerResponse) => void) =>
        tls == null
          ? createHttpServer(settings, handler)
          : createHttpsServer({ ...settings, cert: readFileSync(tls.cert), key: readFileSync(tls.key) }, handler),
    });
    this.app.server.setTimeout(silence, (socket) => socket.destroy());
  }

  /** Adds the operations of a table. */
  serve<Routes extends Record<string, Route>>(
    routes: Routes,
    handlers: Handlers<Routes>,
    options: Omit<ServeOptions, 'calls'>,
  ): void {
    serveRoutes(this.app, routes, handlers, { ...options, calls: this.#calls });
  }

  /** Begins to listen; the address that clients on this machine can use. */
  async listen({ host, port, tls }: ListenOptions): Promise<string> {
    await this.app.listen({ host, port });
    const address = this.app.server.address() as AddressInfo;
    const reachable = { '0.0.0.0': '127.0.0.1', '::': '[::1]' }[address.address] ?? bracketed(address.address);
    return `${tls == null ? 'http' : 'https'}://${reachable}:${address.port}`;
  }

  /** Refuses new calls, ends waiting ones, gives the rest a moment. */
  async close(): Promise<void> {
    this.#calls.close();
    const late = setTimeout(() => this.app.server.closeAllConnections(), closingTime);
    const idle = setInterval(() => this.app.server.closeIdleConnections(), 20);
    try {
      await this.app.close();
    } finally {
      clearTimeout(late);
      clearInterval(idle);
    }
  }
}

/** Longer than any pause of the API: event streams ping, long polls answer within a minute. */
const silence = 120_000;

const bracketed = (address: string) => (address.includes(':') ? `[${address}]` : address);
