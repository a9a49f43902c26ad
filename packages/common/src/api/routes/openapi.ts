import { z } from 'zod';
import { problemMediaType, problemSchema } from '../schemas/Problem.ts';
import type { Access, Route } from './Route.ts';

type Json = Record<string, unknown>;

/** What a description says besides its operations. */
export interface OpenApiInfo {
  readonly title: string;
  readonly version: string;
  readonly description: string;
}

const everywhere: Readonly<Record<number, string>> = { 400: 'the request is not right', 500: 'the server failed' };
const guarded: Readonly<Record<number, string>> = { 401: 'a token is needed', 403: 'the token does not allow that' };

/** Describes a table of routes as OpenAPI 3.1. */
export function openApiDocument(routes: Readonly<Record<string, Route>>, info: OpenApiInfo): Json {
  const paths: Record<string, Json> = {};
  for (const [name, route] of Object.entries(routes)) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation(name, route) };
  }
  return {
    openapi: '3.1.0',
    info,
    paths,
    components: {
      schemas: { Problem: schemaOf(problemSchema, 'output') },
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
    },
  };
}

function operation(name: string, route: Route): Json {
  const open = route.access.includes('public');
  return {
    operationId: name,
    summary: route.summary,
    description: `For: ${route.access.map(who).join(', ')}.`,
    security: open ? [] : [{ bearer: [] }],
    parameters: [
      ...parameters('path', route.params),
      ...parameters('query', route.query),
      ...parameters('header', route.headers),
    ],
    ...(route.body !== undefined && { requestBody: requestBody(route.body) }),
    responses: {
      ...Object.fromEntries(Object.entries(route.responses).map(([status, body]) => [status, response(body)])),
      ...Object.fromEntries(
        Object.entries({ ...everywhere, ...(!open && guarded), ...route.problems }).map(([status, description]) => [
          status,
          { description, content: { [problemMediaType]: { schema: { $ref: '#/components/schemas/Problem' } } } },
        ]),
      ),
    },
  };
}

function who(access: Access): string {
  switch (access) {
    case 'public':
      return 'anybody';
    case 'person':
      return "a person's token";
    case 'worker':
      return "a worker's token";
    case 'job':
      return 'the token of an attempt';
  }
}

function parameters(where: 'path' | 'query' | 'header', schema: z.ZodObject | undefined): Json[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = schemaOf(schema, 'output') as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, { description, ...property }]) => ({
    name,
    in: where,
    required: where === 'path' || (required.includes(name) && !('default' in property)),
    schema: property,
    ...(description !== undefined && { description }),
  }));
}

function requestBody(body: NonNullable<Route['body']>): Json {
  if (body === 'bytes') return { required: true, content: { 'application/octet-stream': {} } };
  const optional = body.safeParse(undefined).success;
  return { required: !optional, content: { 'application/json': { schema: schemaOf(body, 'input') } } };
}

function response(body: Route['responses'][number]): Json {
  const description = 'done';
  if (body === null) return { description };
  if (body === 'bytes') return { description, content: { 'application/octet-stream': {} } };
  if (body === 'events') return { description, content: { 'text/event-stream': {} } };
  if (body === 'text') return { description, content: { 'text/plain': { schema: { type: 'string' } } } };
  return { description, content: { 'application/json': { schema: schemaOf(body, 'output') } } };
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, target: 'draft-2020-12', unrepresentable: 'any' });
  return open(rest) as Json;
}

/** Unknown fields are ignored in requests, and answers may get new ones. */
function open(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(open);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, inner]) => !(key === 'additionalProperties' && inner === false))
      .map(([key, inner]) => [key, open(inner)]),
  );
}
