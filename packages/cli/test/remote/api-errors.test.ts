import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { noFacts } from '@xx-pipeline/source';
import { describeError } from '../../src/program/describe-error.ts';
import { gitSource } from '../../src/remote/create-execution.ts';
import { withServer } from '../../src/remote/with-server.ts';
import { FakeStream, fakeIo } from '../render/FakeIo.ts';

/** What a command says when the server answers everything but the version like this. */
async function answerOf(
  status: number,
  body: string,
  version: string,
): Promise<{ message: string; help: string | null; exitCode: number }> {
  const server = createServer((request, response) => {
    const isVersion = request.url === '/api/version';
    response.writeHead(isVersion ? 200 : status, { 'content-type': 'application/json' });
    response.end(isVersion ? JSON.stringify({ version }) : body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const io = fakeIo(new FakeStream(), new FakeStream(), { XX_HOME: '/nowhere', XX_SERVER: url });
    await withServer({ arguments: [], options: {} }, io, ({ api }) => api.listWorkers());
    throw new Error('the answer was taken');
  } catch (error) {
    return describeError(error);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

const problem = (fields: object) => JSON.stringify({ type: 'about:blank', title: 'wrong', status: 400, ...fields });

test('every bad field of a refused request is told, and that the server is of another version', async () => {
  const errors = [
    { pointer: '/plan/stages/0', message: 'is no stage' },
    { pointer: '', message: 'has too much' },
  ];
  const { message, help, exitCode } = await answerOf(400, problem({ code: 'bad_request', errors }), '9.9.9');
  assert.equal(message, 'the server rejected the request: wrong\n  /plan/stages/0: is no stage\n  /: has too much');
  assert.match(help ?? '', /the server is xx 9\.9\.9, this is xx .*: use the same version/);
  assert.equal(exitCode, 2);
});

test("a failure of the server is the machine's, not the user's", async () => {
  const { exitCode } = await answerOf(503, problem({ status: 503, code: 'unavailable' }), '0.1.0');
  assert.equal(exitCode, 3);
});

test('an answer of something else than an xx server is said to be one', async () => {
  for (const [status, body] of [
    [200, '<html>hello</html>'],
    [404, 'no such page'],
    [200, '{"workers": 3}'],
  ] as const) {
    const { message, exitCode } = await answerOf(status, body, '0.1.0');
    assert.match(message, /not what this version expects|without a problem document/);
    assert.equal(exitCode, 3);
  }
});

test('only an address that workers can use and may know is given to them; everything else is sent as files', () => {
  const facts = {
    ...noFacts,
    commit: { sha: 'a'.repeat(40), message: '', author: '', beforeSha: null, timestamp: '' },
  };
  const sourceOf = (repository: string) => gitSource({ clone: { repository } }, facts)?.url ?? null;
  assert.equal(sourceOf('https://example.org/a.git'), 'https://example.org/a.git');
  assert.equal(sourceOf('ssh://git@example.org/a.git'), 'ssh://git@example.org/a.git');
  assert.equal(sourceOf('git@example.org:a.git'), 'git@example.org:a.git');
  for (const own of [
    'https://me:secret@example.org/a.git',
    'https://token@example.org/a',
    'file:///srv/a.git',
    '../a',
  ]) {
    assert.equal(sourceOf(own), null);
  }
  assert.equal(gitSource({ clone: null }, facts), null);
});
