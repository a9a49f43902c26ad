// `xx server`, `xx backend` and `xx worker` as real processes; jobs are scripted, so no engine is needed.
import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { test } from 'node:test';
import { until } from '@xx-pipeline/testing';
import { ServiceProcesses } from './ServiceProcesses.ts';

async function get(url: string, token: string): Promise<{ status: number; body: unknown }> {
  const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
  return { status: response.status, body: await response.json() };
}

const namesOf = (body: unknown) => (body as { workers: { name: string }[] }).workers.map(({ name }) => name);

test('a server leaves word of its address and token for its owner alone, and keeps them over a restart', async () => {
  await using services = new ServiceProcesses();
  const first = await services.startServer();
  assert.equal(statSync(services.path('server.json')).mode & 0o777, 0o600);
  assert.equal(statSync(services.path('server/worker-token')).mode & 0o777, 0o600);
  const { body } = await until('a worker to be registered', async () => {
    const answer = await get(`${first.url}/api/workers`, first.token);
    return namesOf(answer.body).length > 0 && answer;
  });
  assert.deepEqual(namesOf(body), ['server']);
  first.program.send('SIGTERM');
  assert.equal((await first.program.ended()).code, 0);

  const second = await services.startServer();
  assert.equal(second.token, first.token);
  second.program.send('SIGKILL');
  await second.program.ended();
  // What a killed process leaves behind stops nobody.
  const third = await services.startServer();
  assert.equal(third.token, first.token);
  const workerToken = readFileSync(services.path('server/worker-token'), 'utf8').trim();
  for (const { program } of [first, second, third]) {
    const output = program.stdout + program.stderr;
    assert(!output.includes(first.token) && !output.includes(workerToken), output);
  }
});

test('a second server on the same state directory is refused, and the first one goes on', async () => {
  await using services = new ServiceProcesses();
  const { url, token, program } = await services.startServer();
  const { code, stderr } = await services.start(['server', '--listen', '127.0.0.1:0']).ended();
  assert.match(
    stderr,
    new RegExp(`another xx server runs on this state directory already \\(process ${program.pid}\\)`),
  );
  assert.equal(code, 3);
  assert.equal((await get(`${url}/api/workers`, token)).status, 200);
});

test('a port that is taken is told with a way out', async () => {
  await using services = new ServiceProcesses();
  await using others = new ServiceProcesses();
  const { url } = await services.startServer();
  const { code, stderr } = await others.start(['server', '--listen', new URL(url).host]).ended();
  assert.match(stderr, /something else listens at port \d+\n.*--listen/);
  assert.equal(code, 3);
});

test('a backend lets in who has a token, as long as it is not revoked', async () => {
  await using services = new ServiceProcesses();
  const backend = services.start(['backend', '--listen', '127.0.0.1:0']);
  await backend.printed(/serves at http/);
  const url = /serves at (http:\S+?)"/.exec(backend.stderr)?.[1] ?? '';
  const create = async (role: string, name: string) => {
    const { code, stdout, stderr } = await services
      .start(['backend', 'token', 'create', '--role', role, '--name', name])
      .ended();
    assert.equal(code, 0, stderr);
    return stdout.trim();
  };
  const person = await create('person', 'ada');
  assert.match(person, /^xxp_[\w-]{43}$/);
  assert.equal((await get(`${url}/api/workers`, person)).status, 200);
  const gone = await create('person', 'bob');
  const revoke = () => services.start(['backend', 'token', 'revoke', '--name', 'bob']).ended();
  assert.equal((await revoke()).code, 0);
  assert.equal((await get(`${url}/api/workers`, gone)).status, 401);
  assert.match((await revoke()).stderr, /no token has the name bob/);

  const token = await create('worker', 'build');
  const worker = services.start(['worker', '--backend', url, '--name', 'w1', '--labels', 'a, b,a', '--slots', '3'], {
    env: { XX_WORKER_TOKEN: token },
  });
  const { body } = await until('a worker to be registered', async () => {
    const answer = await get(`${url}/api/workers`, person);
    return namesOf(answer.body).length > 0 && answer;
  });
  const [shown] = (body as { workers: { name: string; slots: number; labels: string[]; url: null }[] }).workers;
  assert.deepEqual([shown?.name, shown?.slots, shown?.labels, shown?.url], ['w1', 3, ['a', 'b'], null]);
  worker.send('SIGTERM');
  assert.equal((await worker.ended()).code, 0);
  for (const secret of [person, gone, token]) {
    assert(!backend.stderr.includes(secret) && !worker.stderr.includes(secret));
  }
});

test('a token among the arguments works, with a warning', async () => {
  await using services = new ServiceProcesses();
  const { url } = await services.startServer();
  const token = readFileSync(services.path('server/worker-token'), 'utf8').trim();
  const worker = services.start(['worker', '--backend', url, '--token', token, '--name', 'w']);
  await worker.printed(/"registered with the backend"/);
  assert.match(worker.stderr, /the token is among the arguments/);
  assert(!worker.stderr.includes(token));
});
