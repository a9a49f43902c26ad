import type { z } from 'zod';
import { concatBytes } from '../../bytes.ts';
import type { Route } from '../routes/Route.ts';
import type { ByteSource, RouteAnswer, RouteInput } from '../routes/route-types.ts';
import { type Problem, problemSchema } from '../schemas/Problem.ts';
import { unknownFields } from '../schemas/unknown-fields.ts';
import { isOwnProtocol, protocolHeader, protocolVersion, versionSkew } from '../wire/protocol.ts';
import { readServerSentEvents } from '../wire/server-sent-events.ts';
import type { ApiResponse, ApiTransport } from './ApiTransport.ts';
import { ApiMismatch, ApiProblem, ApiUnreachable } from './api-errors.ts';

/** Options of any call. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** Instead of the client's own: the token of an attempt. */
  readonly token?: string | undefined;
  /** Headers of no schema: `Last-Event-ID`, `Idempotency-Key`. */
  readonly headers?: Readonly<Record<string, string>>;
}

type Call<R extends Route> =
  object extends RouteInput<R>
    ? (input?: RouteInput<R>, options?: CallOptions) => Promise<RouteAnswer<R>>
    : (input: RouteInput<R>, options?: CallOptions) => Promise<RouteAnswer<R>>;

/** One method per operation of a route table. */
export type ApiClient<Routes extends Record<string, Route>> = { readonly [Name in keyof Routes]: Call<Routes[Name]> };

/** The transport and the token of a client. */
export interface ApiClientOptions {
  readonly transport: ApiTransport;
  /** Sent as bearer; a function where it may change. */
  readonly token?: string | null | (() => string | null);
}

interface AnyInput {
  readonly params?: Readonly<Record<string, unknown>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
  readonly contentType?: string;
}

/** Statuses with which a proxy answers while the server behind it is unreachable. */
const gatewayStatuses: readonly number[] = [502, 503, 504];

const largestDocument = 256 * 1024 * 1024;

/**
 * A typed client of an API: each operation once, no repeats. Throws `ApiProblem` for an error answer, `ApiUnreachable`
 * for none or one of a proxy that has none, `ApiMismatch` for one that fits no schema, and the signal's reason.
 */
export function createApiClient<Routes extends Record<string, Route>>(
  routes: Routes,
  options: ApiClientOptions,
): ApiClient<Routes> {
  const calls: Record<string, (input?: AnyInput, call?: CallOptions) => Promise<unknown>> = {};
  for (const [name, route] of Object.entries<Route>(routes)) {
    calls[name] = (input = {}, call = {}) => callRoute(name, route, input, call, options);
  }
  return calls as ApiClient<Routes>;
}

async function callRoute(name: string, route: Route, input: AnyInput, call: CallOptions, options: ApiClientOptions) {
  const headers: Record<string, string> = {
    accept: '*/*',
    [protocolHeader]: String(protocolVersion),
    ...call.headers,
  };
  const token = call.token ?? (typeof options.token === 'function' ? options.token() : options.token);
  if (token != null) headers['authorization'] = `Bearer ${token}`;
  const body = requestBody(route, input, headers);
  const response = await options.transport.send({
    method: route.method,
    path: requestPath(route, input),
    headers,
    body,
    signal: call.signal,
  });
  const expected = route.responses[response.status];
  const skew = versionSkew(response.headers, 'the server', 'this program');
  if (skew !== null) throw new ApiMismatch(`${name}: ${skew}`);
  if (expected === undefined) throw await readProblem(name, response);
  const { status } = response;
  return { status, headers: response.headers, body: await readBody(name, expected, response) };
}

/** The path of a call: parameters put in and the query appended, all escaped. */
function requestPath(route: Route, input: AnyInput): string {
  const path = route.path.replaceAll(/\{(\w+)\}/g, (_, key: string) => encodeURIComponent(String(input.params?.[key])));
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(input.query ?? {})) {
    if (value !== undefined) query.set(key, String(value));
  }
  return query.size === 0 ? path : `${path}?${query}`;
}

function requestBody(route: Route, input: AnyInput, headers: Record<string, string>): ByteSource | null {
  if (route.body === undefined || input.body === undefined) return null;
  if (route.body === 'bytes') {
    headers['content-type'] = input.contentType ?? 'application/octet-stream';
    return input.body as ByteSource;
  }
  headers['content-type'] = 'application/json';
  return new TextEncoder().encode(JSON.stringify(input.body));
}

async function readBody(name: string, expected: Route['responses'][number], response: ApiResponse): Promise<unknown> {
  if (expected === 'bytes') return response.body;
  if (expected === 'events') return readServerSentEvents(response.body);
  const bytes = await readAll(response.body);
  if (expected === null) return null;
  if (expected === 'text') return textOf(bytes);
  return parse(name, expected as z.ZodType, bytes, isOwnProtocol(response.headers));
}

function parse(name: string, schema: z.ZodType, bytes: Uint8Array, isOwn: boolean): unknown {
  const document = readJson(bytes);
  const checked = schema.safeParse(document);
  if (document === undefined || !checked.success) {
    const issue = checked.error?.issues[0];
    const why = document === undefined || issue === undefined ? 'no JSON' : `${issue.path.join('/')}: ${issue.message}`;
    throw new ApiMismatch(`${name}: the server's answer is not what this version expects (${why})`);
  }
  const unknown = isOwn ? unknownFields(schema, document) : [];
  if (unknown.length > 0) {
    throw new ApiMismatch(`${name}: the server sent fields that this version does not know (${unknown.join(', ')})`);
  }
  return checked.data;
}

async function readProblem(name: string, response: ApiResponse): Promise<Error> {
  const checked = problemSchema.safeParse(readJson(await readAll(response.body)));
  if (checked.success) return new ApiProblem(name, checked.data as Problem);
  if (gatewayStatuses.includes(response.status)) {
    return new ApiUnreachable(`a proxy in front of the server answered ${response.status}`);
  }
  return new ApiMismatch(
    `${name}: the server answered ${response.status} without a problem document: it may not be an xx server`,
  );
}

function readJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(textOf(bytes));
  } catch {
    return undefined;
  }
}

const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

async function readAll(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > largestDocument) throw new ApiMismatch('the answer of the server is larger than 256 MiB');
    chunks.push(chunk);
  }
  return concatBytes(chunks);
}
