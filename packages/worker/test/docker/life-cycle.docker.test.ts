import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '@xx-pipeline/common';
import { AttachedContainer } from '../../src/execution/docker/AttachedContainer.ts';
import { containerName, sandboxContainer } from '../../src/execution/docker/container-spec.ts';
import { EngineOutages } from '../../src/execution/docker/EngineOutages.ts';
import { ExecutionBroken, ImageUnavailable } from '../../src/execution/errors.ts';
import { bootstrapCommand } from '../../src/execution/shell/bootstrap.ts';
import { recoverableBootstrap } from '../../src/execution/shell/recoverable-bootstrap.ts';
import { makeOwnerId } from '../../src/process/index.ts';
import { DockerRig, Recorder, runText } from './rig.ts';

test('a prepared container that is not wanted leaves nothing, nor does one whose preparation is aborted', async () => {
  await using rig = await DockerRig.make();
  const executor = await rig.executor();
  const container = await rig.prepare(executor);
  await container.remove();
  await container.remove();
  const abort = new AbortController();
  const aborted = rig.prepare(executor, {}, abort.signal);
  abort.abort(new Error('not wanted'));
  await assert.rejects(aborted, /not wanted/);
  await executor.close();
  assert.deepEqual(await rig.left(), []);
  assert.deepEqual(await readdir(join(rig.state, 'work')), []);
});

test('closing removes what is still running', async () => {
  await using rig = await DockerRig.make();
  const executor = await rig.executor();
  const container = await rig.prepare(executor);
  const recorder = new Recorder();
  const running = assert.rejects(runText(container, 'echo ready; sleep 600', recorder), ExecutionBroken);
  await recorder.saw('ready');
  await container.remove();
  await running;
});

test('an image that is not there says so, with help', async () => {
  await using rig = await DockerRig.make();
  const executor = await rig.executor();
  const image = { name: 'busybux:latest', pullPolicy: ['never'] as const };
  await assert.rejects(rig.prepare(executor, { image }), (error) => {
    assert.ok(error instanceof ImageUnavailable);
    assert.match(error.message, /busybux:latest is not present/);
    assert.match(error.help ?? '', /busybox:latest/);
    return true;
  });
});

test('a pull that fails names the reason and a similar image; the next policy in the list is tried', async () => {
  await using rig = await DockerRig.make();
  const executor = await rig.executor();
  // Nothing listens there, so the engine's pull fails at once and without leaving the machine.
  const absent = { name: '127.0.0.1:1/busybux:latest' };
  await assert.rejects(rig.prepare(executor, { image: absent }), (error) => {
    assert.ok(error instanceof ImageUnavailable);
    assert.match(error.message, /cannot be pulled: .*refused/);
    assert.match(error.help ?? '', /registry cannot be reached.*similar name: busybox:latest/);
    return true;
  });
});

test('a command that no image has is told from a missing engine', async () => {
  await using rig = await DockerRig.make();
  const executor = await rig.executor();
  const image = { name: 'busybox:latest', entrypoint: ['/no/such/program'] };
  await assert.rejects(rig.prepare(executor, { image }), (error) => {
    assert.ok(error instanceof ExecutionBroken);
    assert.match(error.message, /cannot run scripts/);
    assert.match(error.help ?? '', /needs an image with a shell/);
    return true;
  });
});

test('an entrypoint that does not pass its command on breaks the run with help', async () => {
  await using rig = await DockerRig.make();
  const executor = await rig.executor();
  const container = await rig.prepare(executor, { image: { name: 'busybox:latest', entrypoint: ['echo', 'hello'] } });
  await assert.rejects(runText(container, 'echo never'), (error) => {
    assert.ok(error instanceof ExecutionBroken);
    assert.match(error.help ?? '', /entrypoint: \[''\]/);
    return true;
  });
  await container.remove();
});

test('an entrypoint that stays in front of the shell survives an interrupt', async () => {
  await using rig = await DockerRig.make();
  const entrypoint = ['sh', '-c', 'echo from the entrypoint; "$@"; exit', 'sh'];
  const container = await rig.prepare(await rig.executor(), { image: { name: 'busybox:latest', entrypoint } });
  const recorder = new Recorder();
  const running = runText(container, 'echo ready; sleep 600', recorder);
  await recorder.saw('ready');
  await container.interrupt(true);
  assert.equal((await running).exitCode, 137);
  assert.match(recorder.stdout, /^from the entrypoint\nready\n/);
  assert.equal((await runText(container, 'echo after')).stdout, 'after\n');
  await container.remove();
});

test('no engine at the address is one clear error', async () => {
  await using rig = await DockerRig.make();
  await assert.rejects(rig.executor({ socket: 'unix:///nowhere/docker.sock' }), (error) => {
    assert.ok(error instanceof ExecutionBroken);
    assert.match(error.message, /no Docker engine answers at unix:\/\/\/nowhere\/docker\.sock/);
    assert.ok(error.help !== null);
    return true;
  });
});

test('an engine that stops answering half-way breaks with an error', async () => {
  await using rig = await DockerRig.make();
  const server = createServer((request, response) => {
    if (request.url === '/_ping') response.end('OK');
    else request.socket.destroy();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const executor = await rig.executor({ socket: `tcp://127.0.0.1:${port}` });
  await assert.rejects(rig.prepare(executor), ExecutionBroken);
  server.close();
});

test('jobs one after the other share a network, and nothing of the first is there for the second', async () => {
  await using rig = await DockerRig.make();
  const executor = await rig.executor();
  const spare = await rig.prepare(executor);
  const [first, second] = await Promise.all([
    rig.prepare(executor, { jobId: 'first' }),
    rig.prepare(executor, { jobId: 'second', runsAfter: ['first'] }),
  ]);
  const one = await runText(
    first,
    'hostname; (while :; do echo hi | nc -l -p 4444; done) >/dev/null 2>&1 & until nc 127.0.0.1 4444 </dev/null 2>&1 | grep -x hi; do :; done',
  );
  assert.match(one.stdout, /hi\n$/);
  void first.remove();
  const two = await runText(second, 'hostname; nc -w 1 127.0.0.1 4444 </dev/null && echo reached');
  assert.equal(two.stdout, `${one.stdout.split('\n')[0]}\n`);
  await Promise.all([second.remove(), spare.remove()]);
});

for (const [kind, command] of Object.entries({ bootstrapCommand, recoverableBootstrap })) {
  test(`a container knows whether a script has left a process behind (${kind})`, async () => {
    await using rig = await DockerRig.make();
    const spec = { ...sandboxContainer('busybox:latest', rig.ownerId), AttachStdout: true, AttachStderr: true };
    const signal = AbortSignal.timeout(60_000);
    const live = await AttachedContainer.start(
      rig.client,
      systemClock,
      // A helper beside the shell, as an entrypoint may begin one.
      { ...spec, Entrypoint: ['sh', '-c', 'sleep 600 & exec "$@"', 'sh', ...command] },
      { signal, outages: new EngineOutages(rig.client, systemClock, { patienceMs: 1000, closing: signal }) },
    );
    const sink = { write: () => {}, mark: () => {} };
    const alone: boolean[] = [];
    for (const text of ['seq 3 | cat', 'exit 3', 'sleep 600 >/dev/null 2>&1 &', 'true']) {
      await live.session.run({ text, mark: '@@' }, sink);
      alone.push(live.session.isAlone);
    }
    assert.deepEqual(alone, [true, true, false, false]);
    await live.remove();
  });
}

test('jobs that may run at once never share a network', async () => {
  await using rig = await DockerRig.make();
  const executor = await rig.executor();
  const containers = await Promise.all(['a', 'b', 'c'].map((jobId) => rig.prepare(executor, { jobId })));
  const names = await Promise.all(containers.map(async (container) => (await runText(container, 'hostname')).stdout));
  assert.equal(new Set(names).size, 3);
  await Promise.all(containers.map((container) => container.remove()));
});

test('a prepared container whose network is unexpectedly busy is made again elsewhere', async () => {
  await using rig = await DockerRig.make();
  const executor = await rig.executor();
  const spare = await rig.prepare(executor);
  const long = await rig.prepare(executor, { jobId: 'long' });
  const next = await rig.prepare(executor, { jobId: 'next', runsAfter: ['long'] });
  const recorder = new Recorder();
  const running = runText(long, 'hostname; sleep 600', recorder).catch(() => null);
  await recorder.saw('\n');
  const result = await runText(next, 'hostname');
  assert.equal(result.exitCode, 0);
  assert.notEqual(result.stdout, recorder.stdout);
  await Promise.all([long.remove(), next.remove(), spare.remove()]);
  await running;
});

test('a process that is killed leaves containers that end by themselves, and what stays is removed by the next', async () => {
  await using rig = await DockerRig.make();
  const script = join(import.meta.dirname, 'prepare-and-hang.ts');
  const child = spawn(process.execPath, [script, rig.tree, rig.state], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const { ownerId, ids } = JSON.parse(line.toString()) as { ownerId: string; ids: string[] };
  child.kill('SIGKILL');
  await once(child, 'exit');
  const executor = await rig.executor();
  await executor.sweep();
  for (const id of ids) assert.equal(await rig.client.inspectContainer(id), null);
  assert.deepEqual((await readdir(join(rig.state, 'work'))).includes(encodeURIComponent(ownerId)), false);
});

test('what living owners have is left alone', async () => {
  await using rig = await DockerRig.make();
  const spec = sandboxContainer('busybox:latest', makeOwnerId());
  const id = await rig.client.createContainer({ ...spec, HostConfig: {} }, { name: containerName('living') });
  await mkdir(join(rig.state, 'work', encodeURIComponent(makeOwnerId())), { recursive: true });
  try {
    await (await rig.executor()).sweep();
    assert.notEqual(await rig.client.inspectContainer(id), null);
    assert.deepEqual(await readdir(join(rig.state, 'work')), [encodeURIComponent(makeOwnerId())]);
  } finally {
    await rig.client.removeContainer(id);
  }
});
