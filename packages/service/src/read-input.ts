import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { isOwnProtocol, type Route, unknownFields } from '@xx-pipeline/common/api';
import type { z } from 'zod';
import { HttpProblem } from './HttpProblem.ts';

/** Bytes a JSON body may have where the route says nothing. */
export const defaultBodyLimit = 1024 * 1024;

const maxErrors = 50;

/** Applies the schemas of a route; throws one problem that names every bad field. */
export function checkInput(
  route: Route,
  given: { params: unknown; query: unknown; headers: IncomingHttpHeaders; body: unknown },
) {
  const errors: { pointer: string; message: string }[] = [];
  const check = (where: string, schema: z.ZodType | undefined, value: unknown): unknown => {
    if (schema === undefined) return {};
    const checked = schema.safeParse(value);
    if (checked.success) return checked.data;
    for (const issue of flatten(checked.error.issues)) {
      errors.push({ pointer: where + issue.path.map(escapePointer).join(''), message: sentence(issue.message) });
    }
    return {};
  };
  const params = check('/path', route.params, given.params);
  const query = check('/query', route.query, withoutEmpty(given.query));
  const headers = check('/headers', route.headers, given.headers);
  const isJson = route.body !== undefined && route.body !== 'bytes';
  const body = isJson ? check('', route.body as z.ZodType, given.body) : given.body;
  if (isJson && errors.length === 0 && isOwnProtocol(given.headers)) {
    const unknown = unknownFields(route.body as z.ZodType, given.body);
    errors.push(...unknown.map((pointer) => ({ pointer, message: 'is unknown to this version of the server' })));
  }
  if (errors.length > 0) throw badFields(errors);
  return { params, query, headers, body };
}

function badFields(errors: { pointer: string; message: string }[]): HttpProblem {
  const count = errors.length === 1 ? 'one field is' : `${errors.length} fields are`;
  return new HttpProblem('bad_request', `${count} not right`, { errors: errors.slice(0, maxErrors) });
}

type Issue = z.core.$ZodIssue;

/** A union says only that nothing fits: the alternative that came closest says more. */
function flatten(issues: readonly Issue[]): { path: readonly PropertyKey[]; message: string }[] {
  return issues.flatMap((issue) => {
    if (issue.code !== 'invalid_union' || issue.errors.length === 0) return [issue];
    const nearest = issue.errors.toSorted((a, b) => depth(b) - depth(a) || a.length - b.length)[0] ?? [];
    const depths = issue.errors.map(depth);
    if (Math.max(...depths) === 0) {
      const messages = [...new Set(issue.errors.flatMap((alternative) => alternative.map(({ message }) => message)))];
      return [{ path: issue.path, message: messages.slice(0, 4).join(', or: ') }];
    }
    return flatten(nearest).map((inner) => ({ path: [...issue.path, ...inner.path], message: inner.message }));
  });
}

const depth = (issues: readonly Issue[]): number => Math.max(0, ...issues.map((issue) => issue.path.length));

/** What the schema library calls undefined is missing to those who sent it. */
const sentence = (message: string) =>
  message
    .replace(/^Invalid input: expected nonoptional, received undefined$/, 'is missing')
    .replace(/^Invalid input: expected (.+), received undefined$/, 'is missing: expected $1');

const escapePointer = (key: PropertyKey) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`;

// `?offset=` is a forgotten value, not zero.
function withoutEmpty(query: unknown): Record<string, unknown> {
  const given = (query ?? {}) as Record<string, unknown>;
  for (const name in given) {
    if (given[name] === '') return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== ''));
  }
  return given;
}

/** The body's bytes as they come; more than `limit` of them are refused. Leaving early leaves the connection alone. */
export async function* limitedBody(request: IncomingMessage, limit: number): AsyncGenerator<Uint8Array> {
  checkAnnounced(request, limit);
  let size = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    size += (chunk as Uint8Array).length;
    if (size > limit) throw tooLarge(limit);
    yield chunk as Uint8Array;
  }
}

function checkAnnounced(request: IncomingMessage, limit: number): void {
  if (Number(request.headers['content-length'] ?? 0) > limit) throw tooLarge(limit);
}

/** The whole body. By events, because an iterator costs more than all the rest of a small request. */
function wholeBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  checkAnnounced(request, limit);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const settle = (error: Error | null): void => {
      request.off('data', take).off('end', end).off('error', fail).off('close', close);
      if (error === null) resolve(Buffer.concat(chunks));
      else {
        request.pause();
        reject(error);
      }
    };
    const take = (chunk: Buffer): void => {
      size += chunk.length;
      if (size > limit) settle(tooLarge(limit));
      else chunks.push(chunk);
    };
    const end = (): void => settle(null);
    const fail = (error: Error): void => settle(error);
    const close = (): void => settle(new Error('the connection broke before the request was whole'));
    request.on('data', take).on('end', end).on('error', fail).on('close', close);
  });
}

const tooLarge = (limit: number) => new HttpProblem('too_large', `a body may have ${limit} bytes here`);

/** A whole JSON body, whatever its content type says (curl says "form"); undefined when there is none. */
export async function readJsonBody(request: IncomingMessage, limit: number): Promise<unknown> {
  const text = (await wholeBody(request, limit)).toString();
  if (text.trim() === '') return undefined;
  try {
    return JSON.parse(text, text.includes('__proto__') || text.includes('\\u') ? dropPrototypes : undefined);
  } catch (error) {
    throw new HttpProblem('bad_request', `the body is no JSON: ${(error as Error).message}`);
  }
}

function dropPrototypes(key: string, value: unknown): unknown {
  return key === '__proto__' ? undefined : value;
}
