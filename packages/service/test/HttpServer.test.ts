import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { ApiProblem, createApiClient, protocolHeader, protocolVersion, type Route } from '@xx-pipeline/common/api';
import { type Handlers, HttpProblem, HttpServer } from '@xx-pipeline/service';
import { NodeTransport } from '@xx-pipeline/service/http';
import { z } from 'zod';

const routes = {
  greet: {
    method: 'POST',
    path: '/greet/{id}',
    summary: 'Greets',
    access: ['person'],
    params: z.object({ id: z.uuid() }),
    query: z.object({ times: z.coerce.number().int().min(1).default(1) }),
    body: z.object({
      name: z.string(),
      tags: z.array(z.union([z.string(), z.object({ key: z.string() })])).default([]),
    }),
    bodyLimit: 1000,
    responses: { 200: z.object({ text: z.string() }) },
  },
  count: {
    method: 'PUT',
    path: '/count',
    summary: 'Counts bytes',
    access: ['person', 'job'],
    body: 'bytes',
    bodyLimit: 1_000_000,
    responses: { 200: z.object({ bytes: z.int() }) },
  },
  bytes: { method: 'GET', path: '/bytes', summary: 'Bytes', access: ['public'], responses: { 200: 'bytes' } },
  events: { method: 'GET', path: '/events', summary: 'Events', access: ['public'], responses: { 200: 'events' } },
  wait: {
    method: 'POST',
    path: '/wait',
    summary: 'Waits',
    access: ['public'],
    responses: { 200: z.object({ ended: z.string() }) },
  },
  fail: { method: 'GET', path: '/fail', summary: 'Fails', access: ['public'], responses: { 200: 'bytes' } },
  bug: { method: 'GET', path: '/bug', summary: 'Has a bug', access: ['public'], responses: { 200: z.object({}) } },
} as const satisfies Record<string, Route>;

const token = 'xxp_0123456789abcdef0123';
const id = '0193f3a0-0000-7000-8000-000000000001';

async function withServer(
  use: (world: {
    url: string;
    client: ReturnType<typeof clientOf>;
    server: HttpServer;
    failures: unknown[];
    events: { given: number };
  }) => Promise<void>,
): Promise<void> {
  const failures: unknown[] = [];
  const events = { given: 0 };
  const handlers: Handlers<typeof routes> = {
    greet: async ({ body, query }) => ({ status: 200, body: { text: `hello ${body.name} `.repeat(query.times) } }),
    count: async ({ body }) => {
      let bytes = 0;
      for await (const chunk of body) bytes += chunk.length;
      return { status: 200, body: { bytes } };
    },
    bytes: async () => ({ status: 200, body: chunks(3) }),
    events: async ({ signal }) => ({
      status: 200,
      body: (async function* () {
        while (!signal.aborted) {
          events.given++;
          yield { id: events.given, event: 'tick', data: 'x'.repeat(100_000) };
          await new Promise(setImmediate);
        }
      })(),
    }),
    wait: async ({ signal }) => {
      events.given++;
      if (!signal.aborted) await once(signal, 'abort');
      return { status: 200, body: { ended: 'aborted' } };
    },
    fail: async () => ({ status: 200, body: chunks(2, new HttpProblem('unavailable', 'the disk')) }),
    bug: async () => {
      throw new TypeError('a secret of the inside');
    },
  };
  const server = new HttpServer();
  server.serve(routes, handlers, {
    authenticate: async (given) =>
      given === token
        ? { kind: 'person', name: 'me' }
        : given.startsWith('xxj_')
          ? { kind: 'job', token: given }
          : null,
    failed: (_, error) => failures.push(error),
    checkAnswers: true,
    pingEvery: 20,
  });
  const url = await server.listen({ host: '127.0.0.1', port: 0 });
  const { client, transport } = clientOf(url);
  try {
    await use({ url, client: { client, transport }, server, failures, events });
  } finally {
    transport.close();
    await server.close();
  }
}

function clientOf(url: string) {
  const transport = new NodeTransport({ baseUrl: url });
  return { transport, client: createApiClient(routes, { transport, token }) };
}

async function* chunks(count: number, thenFail?: Error) {
  for (let index = 0; index < count; index++) yield Buffer.alloc(100_000, index);
  if (thenFail) throw thenFail;
}

const problemOf = async (promise: Promise<unknown>) => {
  const error = await promise.then(
    () => assert.fail('no problem'),
    (reason: unknown) => reason,
  );
  assert(error instanceof ApiProblem, String(error));
  return error.problem;
};

test('a call is checked, handled and answered', () =>
  withServer(async ({ client: { client } }) => {
    const answer = await client.greet({ params: { id }, body: { name: 'you' }, query: { times: 2 } });
    assert.equal(answer.body.text, 'hello you hello you ');
  }));

test('every bad field is named at once, with its place', () =>
  withServer(async ({ url }) => {
    const response = await fetch(`${url}/greet/no-uuid?times=0`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify({ name: 5, tags: ['ok', { key: 7 }, 8], unknown: true }),
    });
    assert.equal(response.status, 400);
    assert.match(response.headers.get('content-type') ?? '', /^application\/problem\+json/);
    const problem = (await response.json()) as { errors: { pointer: string }[] };
    assert.deepEqual(
      problem.errors.map(({ pointer }) => pointer),
      ['/path/id', '/query/times', '/name', '/tags/1/key', '/tags/2'],
    );
  }));

test('a body is JSON whatever its content type says, and nothing that is none', () =>
  withServer(async ({ url }) => {
    const send = (body: string, type: string) =>
      fetch(`${url}/greet/${id}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': type },
        body,
      });
    assert.equal((await send('{"name":"a"}', 'application/x-www-form-urlencoded')).status, 200);
    assert.equal((await send('{"name":', 'application/json')).status, 400);
    assert.equal((await send('', 'application/json')).status, 400);
    const poisoned = await send('{"name":"a","__proto__":{"tags":5},"\\u005f_proto__":1}', 'application/json');
    assert.equal(poisoned.status, 200);
  }));

test('large bodies are refused, announced or not', () =>
  withServer(async ({ client: { client } }) => {
    const announced = await problemOf(client.greet({ params: { id }, body: { name: 'x'.repeat(2000) } }));
    assert.deepEqual([announced.code, announced.status], ['too_large', 413]);
    const fits = await client.count({ body: chunks(10) });
    assert.equal(fits.body.bytes, 1_000_000);
    const streamed = await client.count({ body: chunks(200) }).then(
      () => 'taken',
      (error: Error) => (error instanceof ApiProblem ? error.problem.code : error.name),
    );
    // The answer may be overtaken by the broken connection; taken it is not.
    assert(['too_large', 'ApiUnreachable'].includes(streamed), streamed);
  }));

test('calls without a token, with a wrong one or of the wrong kind are refused', () =>
  withServer(async ({ url, client: { client } }) => {
    const input = { params: { id }, body: { name: 'you' } };
    assert.equal((await problemOf(client.greet(input, { token: 'xxp_ffffffffffffffffffff' }))).code, 'unauthorized');
    assert.equal((await problemOf(client.greet(input, { token: 'xxj_ffffffffffffffffffff' }))).code, 'forbidden');
    assert.equal((await client.count({ body: chunks(1) }, { token: 'xxj_ffffffffffffffffffff' })).status, 200);
    const without = await fetch(`${url}/greet/${id}?token=${token}&access_token=${token}`, { method: 'POST' });
    assert.equal(without.status, 401);
    assert.equal(without.headers.get('www-authenticate'), 'Bearer');
    assert.equal((await fetch(`${url}/nothing`)).status, 404);
  }));

test('a bug is told to the log, not to the client', () =>
  withServer(async ({ client: { client }, failures }) => {
    const problem = await problemOf(client.bug());
    assert.equal(problem.status, 500);
    assert(!JSON.stringify(problem).includes('secret'));
    assert.match(String(failures[0]), /secret of the inside/);
  }));

test('bytes are streamed; an error in the middle breaks the connection', () =>
  withServer(async ({ client: { client } }) => {
    const whole = await Array.fromAsync((await client.bytes()).body);
    assert.equal(Buffer.concat(whole).length, 300_000);
    await assert.rejects(async () => Array.fromAsync((await client.fail()).body), { name: 'ApiUnreachable' });
  }));

test('a reader that does not read stops the source instead of filling memory', () =>
  withServer(async ({ url, events }) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.pause();
    socket.write('GET /events HTTP/1.1\r\nhost: x\r\n\r\n');
    let before = -1;
    // The source stands still once the buffers of both sockets are full: some megabytes.
    while (events.given === 0 || events.given !== before) {
      before = events.given;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    assert(events.given < 200, `${events.given} events of 100 kB were taken from the source`);
    socket.destroy();
  }));

test('an event stream pings while there is nothing to tell, and ends its source when the client goes', () =>
  withServer(async ({ client: { client }, events }) => {
    const { body } = await client.events();
    for await (const event of body) {
      assert.equal(event.id, '1');
      break;
    }
    let before = -1;
    while (events.given !== before) {
      before = events.given;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }));

test('closing ends calls that wait', () =>
  withServer(async ({ client: { client }, server, events }) => {
    const waiting = client.wait();
    while (events.given === 0) await new Promise(setImmediate);
    const closed = server.close();
    assert.equal((await waiting).body.ended, 'aborted');
    await closed;
  }));

test('a client too many versions away is refused in one sentence, one version away it is served', async () => {
  await withServer(async ({ url }) => {
    const call = (version: number) => fetch(`${url}/bytes`, { headers: { [protocolHeader]: String(version) } });
    for (const version of [protocolVersion - 1, protocolVersion, protocolVersion + 1]) {
      assert.equal((await call(version)).status, 200);
    }
    const refused = await call(protocolVersion + 2);
    assert.equal(refused.status, 426);
    const { code, detail } = (await refused.json()) as { code: string; detail: string };
    assert.equal(code, 'version_mismatch');
    assert.match(
      detail,
      /^the client uses version \d+ of the protocol and this server version \d+: upgrade this server$/,
    );
  });
});
