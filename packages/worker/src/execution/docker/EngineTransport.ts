import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type * as http from 'node:http';
import type * as https from 'node:https';
import { Duplex, type Readable } from 'node:stream';
import { ExecutionBroken } from '../errors.ts';
import { EngineUnreachable } from './EngineUnreachable.ts';
import { type EngineAddress, showEngineAddress } from './engine-address.ts';

/** One request to the engine. */
export interface EngineRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON text, or bytes to stream. */
  readonly body?: string | AsyncIterable<Uint8Array>;
  readonly signal?: AbortSignal;
  /** Milliseconds until the head of the answer must be there; none for calls that wait. */
  readonly deadline?: number;
}

/** The head of an answer, and its body still to be read. */
export interface EngineResponse {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Readable;
}

/** A connection turned into a raw two-way stream. */
export interface HijackedStream {
  readonly socket: Duplex;
  /** Bytes that came together with the head. */
  readonly head: Buffer;
}

/** Not imported: the import of this module touches all it exports and so loads a WebSocket client, 15 ms of every start. */
const { request: httpRequest, Agent: HttpAgent } = process.getBuiltinModule('node:http');

const refusals = new Set(['ENOENT', 'ECONNREFUSED', 'EACCES', 'EPERM', 'ENOTFOUND', 'EHOSTUNREACH', 'ETIMEDOUT']);

/** HTTP to one engine over kept-alive connections: one attempt per call, no policy but clear errors. */
export class EngineTransport {
  readonly address: EngineAddress;
  readonly #agent: http.Agent;
  readonly #request: typeof http.request;
  readonly #options: https.RequestOptions;

  constructor(address: EngineAddress) {
    this.address = address;
    const base = { keepAlive: true, maxSockets: Number.POSITIVE_INFINITY, maxFreeSockets: 16 };
    if (address.kind === 'tcp' && address.tls !== null) {
      // Loaded only here: most engines are behind a local socket, and TLS costs start-up time.
      const module = process.getBuiltinModule('node:https');
      const { tls } = address;
      this.#request = module.request;
      this.#agent = new module.Agent({
        ...base,
        ca: readFileSync(tls.ca),
        cert: readFileSync(tls.cert),
        key: readFileSync(tls.key),
        rejectUnauthorized: tls.verify,
      });
    } else {
      this.#request = httpRequest;
      this.#agent = address.kind === 'ssh' ? sshAgent(address.url) : new HttpAgent(base);
    }
    this.#options =
      address.kind === 'unix'
        ? { socketPath: address.path }
        : { host: address.kind === 'tcp' ? address.host : 'docker', port: address.kind === 'tcp' ? address.port : 80 };
  }

  /** Sends a request and resolves with the head of the answer, whatever its status. */
  send(request: EngineRequest): Promise<EngineResponse> {
    return new Promise((resolve, reject) => {
      const message = this.#open(request, reject);
      message.once('response', (response) => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: response });
      });
      finish(message, request.body);
    });
  }

  /** Sends a request that turns its connection into a raw stream; an ordinary answer is returned as such. */
  hijack(request: EngineRequest): Promise<HijackedStream | EngineResponse> {
    return new Promise((resolve, reject) => {
      const headers = { ...request.headers, Connection: 'Upgrade', Upgrade: 'tcp' };
      const message = this.#open({ ...request, headers }, reject);
      message.once('upgrade', (_response, socket: Duplex, head: Buffer) => resolve({ socket, head }));
      message.once('response', (response) => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: response });
      });
      finish(message, request.body);
    });
  }

  /** Closes idle connections. */
  close(): void {
    this.#agent.destroy();
  }

  #open(request: EngineRequest, reject: (reason: unknown) => void): http.ClientRequest {
    const headers: Record<string, string | number> = { ...request.headers };
    if (!this.#options.socketPath && this.#options.host) headers['Host'] = this.#options.host;
    else headers['Host'] = 'docker';
    if (typeof request.body === 'string') {
      headers['Content-Type'] = 'application/json';
      headers['Content-Length'] = Buffer.byteLength(request.body);
    } else if (request.body === undefined && request.method === 'POST') headers['Content-Length'] = 0;
    else if (request.body !== undefined) headers['Content-Type'] = 'application/x-tar';
    const message = this.#request({
      ...this.#options,
      agent: this.#agent,
      method: request.method,
      path: request.path,
      headers,
    });
    const onAbort = () => {
      reject(request.signal?.reason);
      message.destroy();
    };
    if (request.signal?.aborted) onAbort();
    request.signal?.addEventListener('abort', onAbort, { once: true });
    const timer =
      request.deadline === undefined
        ? null
        : setTimeout(() => {
            const seconds = Math.round((request.deadline ?? 0) / 1000);
            const what = `${request.method} ${request.path.split('?')[0]}`;
            reject(new ExecutionBroken(`the Docker engine did not answer ${what} within ${seconds} s`));
            message.destroy();
          }, request.deadline);
    const answered = () => timer !== null && clearTimeout(timer);
    message.once('response', answered);
    message.once('upgrade', () => {
      answered();
      request.signal?.removeEventListener('abort', onAbort);
    });
    message.once('close', () => {
      answered();
      request.signal?.removeEventListener('abort', onAbort);
    });
    message.on('error', (error: NodeJS.ErrnoException) => reject(this.#explain(error)));
    return message;
  }

  #explain(error: NodeJS.ErrnoException): ExecutionBroken {
    const where = showEngineAddress(this.address);
    if (error.code === 'EACCES' || error.code === 'EPERM') {
      return new ExecutionBroken(`no permission to use the Docker engine at ${where}`, {
        help: 'add yourself to the group that owns the socket (usually: sudo usermod -aG docker $USER, then log in again)',
        cause: error,
      });
    }
    if (error.code !== undefined && refusals.has(error.code)) {
      return new EngineUnreachable(`no Docker engine answers at ${where}`, {
        help: 'start Docker (or set DOCKER_HOST to where it listens); `xx doctor` tells what is missing',
        cause: error,
      });
    }
    return new EngineUnreachable(`the connection to the Docker engine at ${where} broke: ${error.message}`, {
      cause: error,
    });
  }
}

function finish(message: http.ClientRequest, body: EngineRequest['body']): void {
  if (body === undefined || typeof body === 'string') {
    message.end(body);
    return;
  }
  const pump = async () => {
    for await (const chunk of body) {
      if (message.destroyed) return;
      if (!message.write(chunk)) {
        await new Promise<void>((resolve) => {
          message.once('drain', resolve);
          message.once('close', resolve);
        });
      }
    }
    message.end();
  };
  pump().catch((error: unknown) => message.destroy(error instanceof Error ? error : new Error(String(error))));
}

function sshAgent(url: string): http.Agent {
  const { username, hostname, port } = new URL(url);
  const target = username ? `${username}@${hostname}` : hostname;
  const agent = new HttpAgent({ keepAlive: true });
  // The docker command itself reaches engines over ssh this way: the far end's `dial-stdio` is the connection.
  Object.assign(agent, {
    createConnection: () => {
      const flags = port ? ['-p', port] : [];
      const child = spawn('ssh', [...flags, '--', target, 'docker', 'system', 'dial-stdio'], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      return duplexOf(child.stdin, child.stdout);
    },
  });
  return agent;
}

function duplexOf(writable: NodeJS.WritableStream, readable: NodeJS.ReadableStream): Duplex {
  const duplex = Duplex.from({ writable, readable });
  return Object.assign(duplex, {
    setTimeout: () => duplex,
    setNoDelay: () => duplex,
    setKeepAlive: () => duplex,
    ref: () => duplex,
    unref: () => duplex,
  });
}
