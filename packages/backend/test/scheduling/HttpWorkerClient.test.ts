import assert from 'node:assert/strict';
import { createServer, type RequestListener, type Server } from 'node:http';
import { test } from 'node:test';
import { jobRequest, listenOnLoopback } from '@xx-pipeline/testing';
import { HttpWorkerClient } from '../../src/scheduling/HttpWorkerClient.ts';

const request = jobRequest({ attempt: 1 });

/** A worker's end of the line. */
async function withServer(
  listener: RequestListener,
  use: (url: string, server: Server) => Promise<void>,
): Promise<void> {
  const server = createServer(listener);
  const port = await listenOnLoopback(server);
  try {
    await use(`http://127.0.0.1:${port}`, server);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

async function push(url: string, signal = new AbortController().signal) {
  const client = new HttpWorkerClient();
  try {
    return await client.notifyWorkerJobAssigned({ url, token: 'a-token-for-pushing' }, request, signal);
  } finally {
    client.close();
  }
}

const answer =
  (status: number, body: object, type = 'application/json'): RequestListener =>
  (incoming, response) => {
    incoming.resume().on('end', () => response.writeHead(status, { 'content-type': type }).end(JSON.stringify(body)));
  };

const refusal = (status: number, code: string) =>
  answer(status, { type: 'about:blank', title: 'no', status, code }, 'application/problem+json');

test('a job is pushed with the token the worker wants to see', async () => {
  const seen: (string | undefined)[] = [];
  const accept: RequestListener = (incoming, response) => {
    seen.push(incoming.method, incoming.url, incoming.headers.authorization);
    answer(202, { jobId: request.jobId, attempt: 1, state: 'accepted' })(incoming, response);
  };
  await withServer(accept, async (url) => assert.deepEqual(await push(url), { kind: 'accepted' }));
  assert.deepEqual(seen, ['POST', '/api/job/execute', 'Bearer a-token-for-pushing']);
});

test('a worker that says no has nothing', async () => {
  for (const [status, code] of [
    [429, 'worker_full'],
    [409, 'stale_attempt'],
    [401, 'unauthorized'],
  ] as const) {
    await withServer(refusal(status, code), async (url) => assert.equal((await push(url)).kind, 'refused'));
  }
});

test('a worker that rejects the request itself has nothing, and says why', async () => {
  for (const [status, code] of [
    [400, 'bad_request'],
    [413, 'too_large'],
  ] as const) {
    await withServer(refusal(status, code), async (url) => assert.equal((await push(url)).kind, 'invalid'));
  }
});

test('a worker where nothing listens has nothing', async () => {
  let closed = '';
  await withServer(answer(202, {}), async (url) => {
    closed = url;
  });
  assert.equal((await push(closed)).kind, 'refused');
});

test('a worker whose answer is lost, strange or late may have the job', async () => {
  await withServer(
    (incoming) => incoming.socket.destroy(),
    async (url) => assert.equal((await push(url)).kind, 'unknown'),
  );
  await withServer(refusal(500, 'internal'), async (url) => assert.equal((await push(url)).kind, 'unknown'));
  await withServer(answer(200, { hello: 'I am a proxy' }), async (url) => {
    assert.equal((await push(url)).kind, 'unknown');
  });
  const late = new AbortController();
  await withServer(
    () => late.abort(new Error('too late')),
    async (url) => assert.equal((await push(url, late.signal)).kind, 'unknown'),
  );
});

test('a cancel is told once and its failure is no error', async () => {
  const job = { jobId: request.jobId, attempt: 1 };
  const { signal } = new AbortController();
  const client = new HttpWorkerClient();
  await withServer(answer(202, { jobId: request.jobId }), async (url) => {
    assert.equal(await client.cancelJob({ url, token: null }, job, signal), true);
  });
  await withServer(refusal(404, 'not_found'), async (url) => {
    assert.equal(await client.cancelJob({ url, token: null }, job, signal), false);
  });
  client.close();
});
