import type { OutgoingHttpHeaders } from 'node:http';
import { problemMediaType, protocolHeader, protocolVersion, type Route, versionSkew } from '@xx-pipeline/common/api';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { readBearer } from './bearer.ts';
import { drained, sendEvents } from './event-stream.ts';
import { HttpProblem } from './HttpProblem.ts';
import type { Caller, EncodedEvents, Handlers, OutgoingEvent, RouteCall } from './handler-types.ts';
import type { OpenCalls } from './OpenCalls.ts';
import { checkInput, defaultBodyLimit, limitedBody, readJsonBody } from './read-input.ts';

/** What serving a table needs besides its handlers. */
export interface ServeOptions {
  /** Whose token this is; null when it is nobody's. */
  readonly authenticate: (token: string) => Promise<Caller | null>;
  readonly calls: OpenCalls;
  /** Told of everything that is a bug or broken machinery. */
  readonly failed: (operation: string, error: unknown) => void;
  /** Turns errors of the machinery below into problems; what it does not know is a bug. */
  readonly explain?: (error: unknown) => HttpProblem | null;
  /** Told when an answer has been sent. */
  readonly answered?: (operation: string, status: number, milliseconds: number) => void;
  /** Checks every answer against the table; for tests. */
  readonly checkAnswers?: boolean;
  /** Milliseconds between the pings of an event stream. */
  readonly pingEvery?: number;
}

type AnyAnswer = { status: number; body: unknown; headers?: Readonly<Record<string, string>> };
type AnyHandler = (call: RouteCall<Route>) => Promise<AnyAnswer>;

/** Registers every operation of a table: access, input, answer and errors are handled here, so handlers are thin. */
export function serveRoutes<Routes extends Record<string, Route>>(
  app: FastifyInstance,
  routes: Routes,
  handlers: Handlers<Routes>,
  options: ServeOptions,
): void {
  // Bodies are read after access was checked, by the rules of their route.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));
  for (const [name, route] of Object.entries<Route>(routes)) {
    const handler = handlers[name] as unknown as AnyHandler;
    app.route({
      method: route.method,
      url: route.path.replaceAll(/\{(\w+)\}/g, ':$1'),
      bodyLimit: Number.MAX_SAFE_INTEGER,
      exposeHeadRoute: false,
      handler: (request, reply) => serve(name, route, handler, request, reply, options),
    });
  }
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0];
    sendProblem(reply, new HttpProblem('not_found', `no operation ${request.method} ${path}; see /openapi.json`));
  });
  app.setErrorHandler((error, _request, reply) => sendProblem(reply, asProblem('request', error, options)));
}

async function serve(
  name: string,
  route: Route,
  handler: AnyHandler,
  request: FastifyRequest,
  reply: FastifyReply,
  options: ServeOptions,
): Promise<FastifyReply> {
  const began = performance.now();
  if (options.answered !== undefined) {
    const { answered } = options;
    reply.raw.once('close', () => answered(name, reply.raw.statusCode, performance.now() - began));
  }
  try {
    if (options.calls.closing) throw new HttpProblem('unavailable', 'this server is closing; another one may answer');
    const skew = versionSkew(request.headers, 'the client', 'this server');
    if (skew !== null) throw new HttpProblem('version_mismatch', skew);
    const caller = await admit(route, request, options);
    const limit = route.bodyLimit ?? defaultBodyLimit;
    const body = await readBody(route, request, limit);
    const input = checkInput(route, { params: request.params, query: request.query, headers: request.headers, body });
    const answer = await handler({
      ...(input as Pick<RouteCall<Route>, 'params' | 'query' | 'body'>),
      caller,
      rawHeaders: request.headers,
      get signal() {
        const signal = options.calls.signalOf(reply.raw);
        Object.defineProperty(this, 'signal', { value: signal });
        return signal;
      },
    });
    return await send(name, route, answer, reply, options);
  } catch (error) {
    return sendProblem(reply, asProblem(name, error, options));
  }
}

async function admit(route: Route, request: FastifyRequest, options: ServeOptions): Promise<Caller> {
  if (route.access.includes('public')) return { kind: 'public' };
  const token = readBearer(request.headers.authorization);
  const caller = token === null ? null : await options.authenticate(token);
  if (caller === null) {
    const what = token === null ? 'send a token as Authorization: Bearer …' : 'nobody has this token';
    throw new HttpProblem('unauthorized', what);
  }
  if (!route.access.includes(caller.kind)) {
    throw new HttpProblem('forbidden', `this is for tokens of a ${route.access.join(' or ')}, not of a ${caller.kind}`);
  }
  return caller;
}

async function readBody(route: Route, request: FastifyRequest, limit: number): Promise<unknown> {
  if (route.body === undefined) return undefined;
  return route.body === 'bytes' ? limitedBody(request.raw, limit) : await readJsonBody(request.raw, limit);
}

async function send(
  name: string,
  route: Route,
  answer: AnyAnswer,
  reply: FastifyReply,
  options: ServeOptions,
): Promise<FastifyReply> {
  const { status, body, headers = {} } = answer;
  const expected = route.responses[status];
  if (expected === undefined) throw new Error(`${name} answered ${status}, which its route does not know`);
  reply.code(status).headers(headers).header('cache-control', 'no-store').header(protocolHeader, protocolVersion);
  if (expected === 'events') {
    reply.hijack();
    try {
      await sendEvents(reply.raw, body as AsyncIterable<OutgoingEvent | EncodedEvents>, {
        pingEvery: options.pingEvery ?? 15_000,
      });
    } catch (error) {
      options.failed(name, error);
      reply.raw.destroy();
    }
    return reply;
  }
  if (expected === 'bytes') return await sendBytes(name, body as AsyncIterable<Uint8Array>, reply, options);
  if (expected === null) return reply.send();
  if (expected === 'text') return reply.type('text/plain; charset=utf-8').send(body);
  const text = JSON.stringify(body);
  if (options.checkAnswers === true) (expected as z.ZodType).parse(JSON.parse(text));
  return reply.type('application/json; charset=utf-8').send(text);
}

/** Streams bytes as the connection takes them. An error in the middle breaks the connection: never a short answer. */
async function sendBytes(
  name: string,
  bytes: AsyncIterable<Uint8Array>,
  reply: FastifyReply,
  options: ServeOptions,
): Promise<FastifyReply> {
  const response = reply.raw;
  if (!reply.hasHeader('content-type')) reply.type('application/octet-stream');
  const headers = reply.getHeaders() as OutgoingHttpHeaders;
  reply.hijack();
  try {
    response.writeHead(reply.statusCode, headers);
    for await (const chunk of bytes) {
      if (response.destroyed) break;
      if (!response.write(chunk)) await drained(response);
    }
    response.end();
  } catch (error) {
    options.failed(name, error);
    response.destroy();
  }
  return reply;
}

function asProblem(name: string, error: unknown, options: ServeOptions): HttpProblem {
  if (error instanceof HttpProblem) return error;
  const { statusCode, message } = error as { statusCode?: number; message?: string };
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new HttpProblem(statusCode === 413 ? 'too_large' : 'bad_request', message ?? 'the request cannot be read');
  }
  options.failed(name, error);
  const explained = options.explain?.(error) ?? null;
  if (explained !== null) return explained;
  return new HttpProblem('internal', 'the server failed; its log says more');
}

function sendProblem(reply: FastifyReply, { document }: HttpProblem): FastifyReply {
  if (reply.raw.headersSent || reply.raw.destroyed) return reply;
  if (document.status === 401) reply.header('www-authenticate', 'Bearer');
  // The rest of a body nobody wants is not read.
  if (document.status === 413) reply.header('connection', 'close');
  return reply
    .code(document.status)
    .type(problemMediaType)
    .header('cache-control', 'no-store')
    .send(JSON.stringify(document));
}
