import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { test } from 'node:test';
import type { JobExecution, JobRequest } from '@xx-pipeline/common';
import {
  ApiMismatch,
  ApiProblem,
  ApiUnreachable,
  backendRoutes,
  createApiClient,
  protocolHeader,
  protocolVersion,
} from '@xx-pipeline/common/api';
import { NodeTransport } from '@xx-pipeline/service/http';
import { listenOnLoopback } from '@xx-pipeline/testing';

const jobId = '0193f3a0-0000-7000-8000-000000000001';

async function withServer(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  use: (client: ReturnType<typeof connect>['client'], url: string) => Promise<void>,
): Promise<void> {
  const server = createServer(answer);
  const url = `http://127.0.0.1:${await listenOnLoopback(server)}`;
  const { client, transport } = connect(url);
  try {
    await use(client, url);
  } finally {
    transport.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

function connect(url: string) {
  const transport = new NodeTransport({ baseUrl: url });
  return { transport, client: createApiClient(backendRoutes, { transport, token: 'xxp_test' }) };
}

const json = (response: ServerResponse, status: number, body: unknown) =>
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));

test('a call carries token, path, query and body', async () => {
  const seen: unknown[] = [];
  await withServer(
    (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        seen.push([request.method, request.url, request.headers.authorization, Buffer.concat(chunks).toString()]);
        json(response, 200, { nextOffset: 5 });
      });
    },
    async (client) => {
      const whole = await client.appendLog({
        params: { jobId },
        query: { offset: 0, attempt: 2 },
        body: Buffer.from('hello'),
      });
      assert.equal(whole.body.nextOffset, 5);
      async function* parts() {
        yield Buffer.from('he');
        yield Buffer.from('llo');
      }
      await client.appendLog({ params: { jobId }, query: { offset: 0 }, body: parts() }, { token: 'xxj_other' });
    },
  );
  assert.deepEqual(seen, [
    ['PATCH', `/api/jobs/${jobId}/log?offset=0&attempt=2`, 'Bearer xxp_test', 'hello'],
    ['PATCH', `/api/jobs/${jobId}/log?offset=0`, 'Bearer xxj_other', 'hello'],
  ]);
});

test('an error answer is thrown as its problem document', async () => {
  await withServer(
    (_, response) =>
      json(response, 409, { type: 'about:blank', title: 'Conflict', status: 409, code: 'stale_attempt' }),
    async (client) => {
      await assert.rejects(
        client.updateJobStatus({ body: { jobId, status: 'SUCCESS' } }),
        (error) => error instanceof ApiProblem && error.problem.code === 'stale_attempt' && error.status === 409,
      );
    },
  );
});

test('an answer of something else than this API is told as such', async () => {
  await withServer(
    (request, response) => {
      if (request.url === '/api/version') json(response, 200, { hello: 1 });
      else response.writeHead(404).end('<html>not found</html>');
    },
    async (client) => {
      await assert.rejects(client.version(), ApiMismatch);
      await assert.rejects(
        client.listWorkers(),
        (error) => error instanceof ApiMismatch && error.message.includes('404'),
      );
    },
  );
});

for (const status of [502, 503, 504]) {
  test(`a proxy's page with ${status} means that the server is not reached, a problem document that it has answered`, async () => {
    await withServer(
      (request, response) => {
        if (request.url !== '/api/version') json(response, status, { title: 'x', type: 'y', status, code: 'internal' });
        else response.writeHead(status, { 'content-type': 'text/html' }).end('<html>please wait</html>');
      },
      async (client) => {
        await assert.rejects(client.version(), ApiUnreachable);
        await assert.rejects(client.listWorkers(), ApiProblem);
      },
    );
  });
}

test('a server that is not there is unreachable, and an aborted call gives the reason', async () => {
  const { client, transport } = connect('http://127.0.0.1:1');
  await assert.rejects(
    client.version(),
    (error) => error instanceof ApiUnreachable && /nothing listens/.test(error.message),
  );
  const reason = new Error('enough');
  await assert.rejects(client.version({}, { signal: AbortSignal.abort(reason) }), reason);
  transport.close();
});

test('server-sent events come one by one, however the bytes are cut', async () => {
  await withServer(
    (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const part of [
        ': ping\n\nid: 1\neve',
        'nt: log\ndata: {"a":1}\n',
        '\nid: 2\nevent: log\ndata: "\\u00e4"\n\n',
      ]) {
        response.write(part);
      }
      response.end();
    },
    async (client) => {
      const { body } = await client.followLog({ params: { jobId } });
      assert.deepEqual(await Array.fromAsync(body), [
        { id: '1', event: 'log', data: '{"a":1}' },
        { id: '2', event: 'log', data: '"\\u00e4"' },
      ]);
    },
  );
});

test('an answer that breaks off in the middle is unreachable, not short', async () => {
  await withServer(
    (_, response) => {
      response.writeHead(200, { 'content-length': 100 }).write('only this', () => response.destroy());
    },
    async (client) => {
      const { body } = await client.readLog({ params: { jobId }, query: { offset: 0 } });
      await assert.rejects(Array.fromAsync(body), ApiUnreachable);
    },
  );
});

test('a connection the server closed meanwhile is replaced without a word', async () => {
  await withServer(
    (request, response) => {
      json(response, 200, { version: '1' });
      response.on('finish', () => setImmediate(() => request.socket.destroy()));
    },
    async (client) => {
      for (let call = 0; call < 20; call++) assert.equal((await client.version()).body.version, '1');
    },
  );
});

test('the schemas fit the records they describe', async () => {
  // Compile-time checks: what the client gives is what the domain takes, and the other way round.
  type Client = ReturnType<typeof connect>['client'];
  type Polled = Awaited<ReturnType<Client['pollJobs']>>['body']['jobs'][number];
  type Job = Awaited<ReturnType<Client['playJob']>>['body'];
  const asRequest = (polled: Polled): JobRequest => polled;
  const asRecord = (job: Job): JobExecution => job;
  assert.equal(asRequest.length + asRecord.length, 2);
});

test('a field that a server of the same protocol version sends and that is not known here is an error', async () => {
  const worker = { id: jobId, name: 'w', url: null, slots: 1, busy: 0, labels: [], version: '1', state: 'online' };
  const body = { workers: [{ ...worker, lastSeenAt: 'now', hostname: 'h' }] };
  for (const [header, isStrict] of [
    [String(protocolVersion), true],
    [String(protocolVersion + 1), false],
    [undefined, false],
  ] as const) {
    await withServer(
      (request, response) => {
        assert.equal(request.headers[protocolHeader], String(protocolVersion));
        if (header !== undefined) response.setHeader(protocolHeader, header);
        json(response, 200, body);
      },
      async (client) => {
        const listed = client.listWorkers();
        if (isStrict) {
          await assert.rejects(
            listed,
            (error) => error instanceof ApiMismatch && /\/workers\/0\/hostname/.test(error.message),
          );
        } else assert.deepEqual(Object.keys((await listed).body.workers[0] ?? {}).includes('hostname'), false);
      },
    );
  }
});

test('a server too many versions away is named with the side to upgrade', async () => {
  await withServer(
    (_, response) => {
      response.setHeader(protocolHeader, String(protocolVersion + 2));
      json(response, 200, {});
    },
    async (client) => {
      await assert.rejects(client.updateJobStatus({ body: { jobId, status: 'SUCCESS' } }), {
        name: 'ApiMismatch',
        message: /the server uses version \d+ of the protocol and this program version \d+: upgrade this program$/,
      });
    },
  );
});
