import { deepEqual, equal } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import {
  backendRoutes,
  openApiDocument,
  protocolVersion,
  type Route,
  versionSkew,
  workerRoutes,
} from '@xx-pipeline/common/api';
import { z } from 'zod';

interface Schema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly additionalProperties?: Schema | boolean;
}

type Content = { readonly content?: Readonly<Record<string, { readonly schema: Schema }>> };
type Operation = { readonly requestBody?: Content; readonly responses: Readonly<Record<string, Content>> };
type Document = { readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>> };

/** Differences because of which a receiver rejects messages that a sender may send; limits on sizes are not compared. */
function rejections(sender: Schema, receiver: Schema, at: string): string[] {
  const sent = sender.anyOf ?? sender.oneOf;
  if (sent !== undefined) return sent.flatMap((one) => rejections(one, receiver, at));
  const accepted = receiver.anyOf ?? receiver.oneOf;
  if (accepted !== undefined) {
    const all = accepted.map((one) => rejections(sender, one, at));
    return all.some((one) => one.length === 0) ? [] : (all.toSorted((a, b) => a.length - b.length)[0] ?? []);
  }
  const values = (schema: Schema) => schema.enum ?? (schema.const === undefined ? undefined : [schema.const]);
  // 0.1.0 does not describe plans.
  if (Object.keys(sender).length === 0) return [];
  const [from, to] = [values(sender), values(receiver)];
  if (to !== undefined) {
    const unknown = from?.filter((value) => !to.includes(value)) ?? ['any value'];
    return unknown.map((value) => `${at}: ${JSON.stringify(value)} is not accepted`);
  }
  if (receiver.type !== undefined) {
    const types = [receiver.type].flat();
    const unknown = [sender.type ?? 'anything']
      .flat()
      .filter((type) => !types.includes(type === 'integer' ? 'number' : type) && !types.includes(type));
    if (unknown.length > 0) return [`${at}: ${unknown.join(' or ')} is not accepted`];
  }
  const missing = (receiver.required ?? []).filter((name) => !(sender.required ?? []).includes(name));
  const found = missing.map((name) => `${at}/${name}: may be missing`);
  for (const [name, property] of Object.entries(sender.properties ?? {})) {
    const known = receiver.properties?.[name];
    if (known !== undefined) found.push(...rejections(property, known, `${at}/${name}`));
  }
  if (sender.items && receiver.items) found.push(...rejections(sender.items, receiver.items, `${at}/*`));
  const [some, any] = [sender.additionalProperties, receiver.additionalProperties];
  if (typeof some === 'object' && typeof any === 'object') found.push(...rejections(some, any, `${at}/*`));
  return found;
}

const schemaOf = (message: Content | undefined) => message?.content?.['application/json']?.schema;

interface Side {
  readonly sent: Document;
  readonly accepted: Document;
}

/** What goes wrong between a client and a server of these versions. */
function callsThatFail(client: Side, server: Side): string[] {
  const failures: string[] = [];
  for (const [path, operations] of Object.entries(client.sent.paths)) {
    for (const [method, called] of Object.entries(operations)) {
      const [wanted, served] = [server.accepted.paths[path]?.[method], server.sent.paths[path]?.[method]];
      if (wanted === undefined || served === undefined) continue;
      const [given, body] = [schemaOf(called.requestBody), schemaOf(wanted.requestBody)];
      if (given && body) failures.push(...rejections(given, body, `${method} ${path} request`));
      const { responses } = client.accepted.paths[path]?.[method] ?? called;
      for (const [status, answer] of Object.entries(served.responses)) {
        const [answered, expected] = [schemaOf(answer), schemaOf(responses[status])];
        if (answered && expected) failures.push(...rejections(answered, expected, `${method} ${path} ${status}`));
      }
    }
  }
  return failures;
}

const info = { title: 'x', version: 'x', description: '' };
const tables = { backend: backendRoutes, worker: workerRoutes };

/** What this version sends, as its `/openapi.json` describes it. */
const sent = (name: keyof typeof tables) => openApiDocument(tables[name], info) as unknown as Document;

/** What this version accepts: fields with a default may be missing. */
function accepted(name: keyof typeof tables): Document {
  const paths: Record<string, Record<string, Operation>> = {};
  const content = (schema: unknown): Content =>
    schema instanceof z.ZodType
      ? {
          content: {
            'application/json': { schema: z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Schema },
          },
        }
      : {};
  for (const route of Object.values<Route>(tables[name])) {
    const responses = Object.fromEntries(
      Object.entries(route.responses).map(([status, body]) => [status, content(body)]),
    );
    paths[route.path] = {
      ...paths[route.path],
      [route.method.toLowerCase()]: { requestBody: content(route.body), responses },
    };
  }
  return { paths };
}

/** The API of release 0.1.0 (protocol version 1), as its own `/openapi.json` describes it. */
const released = (name: 'backend' | 'worker') =>
  JSON.parse(readFileSync(new URL(`protocol-1/${name}.json`, import.meta.url), 'utf8')) as Document;

for (const name of ['backend', 'worker'] as const) {
  const old = { sent: released(name), accepted: released(name) };
  const current = { sent: sent(name), accepted: accepted(name) };

  test(`a client of 0.1.0 and a ${name} of this version understand each other`, () => {
    for (const path of Object.keys(old.sent.paths)) equal(path in current.sent.paths, true, path);
    deepEqual(callsThatFail(old, current), []);
  });

  test(`a client of this version and a ${name} of 0.1.0 understand each other`, () => {
    deepEqual(callsThatFail(current, old), []);
  });
}

test('processes one version apart work together; further apart, one sentence says which to upgrade', () => {
  const skew = (version: number | string) =>
    versionSkew({ 'xx-protocol': String(version) }, 'the client', 'this server');
  for (const version of [protocolVersion - 1, protocolVersion, protocolVersion + 1, 'curl']) equal(skew(version), null);
  equal(versionSkew({}, 'the client', 'this server'), null);
  equal(
    skew(protocolVersion + 2),
    `the client uses version ${protocolVersion + 2} of the protocol and this server version ${protocolVersion}: upgrade this server`,
  );
  equal(skew(protocolVersion - 2)?.endsWith('upgrade the client'), true);
});
