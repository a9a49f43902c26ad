import assert from 'node:assert/strict';
import { test } from 'node:test';
import { labelNames } from '../../src/execution/docker/label-names.ts';
import { ExecutionBroken } from '../../src/execution/errors.ts';
import { DockerRig, Recorder, runText } from './rig.ts';

test('a script gives all of its output on both streams, its marks and its exit code', async () => {
  await using rig = await DockerRig.make();
  const container = await rig.prepare(await rig.executor());
  const result = await runText(
    container,
    'echo one; echo two >&2; echo "@@mark 0"; echo "@@mark 0" >&2; i=0; while [ $i -lt 3000 ]; do echo $i; echo -$i >&2; i=$((i+1)); done; printf "no line end"; exit 7',
  );
  const numbers = Array.from({ length: 3000 }, (_unused, index) => index);
  assert.equal(result.exitCode, 7);
  assert.equal(result.stdout, `one\n${numbers.map((n) => `${n}\n`).join('')}no line end`);
  assert.equal(result.stderr, `two\n${numbers.map((n) => `-${n}\n`).join('')}`);
  assert.deepEqual(result.marks, [0]);
  await container.remove();
});

test('a second script runs in a fresh shell after the first has failed', async () => {
  await using rig = await DockerRig.make();
  const container = await rig.prepare(await rig.executor());
  const first = await runText(container, 'set -e\nleft=over\necho kept > file\nfalse\necho never');
  const second = await runText(container, 'echo "[$left] $(cat file) $#"; exit 3');
  assert.deepEqual([first.exitCode, first.stdout], [1, '']);
  assert.deepEqual([second.exitCode, second.stdout], [3, '[] kept 0\n']);
  await container.remove();
});

test('commands read nothing from standard input, start in the workspace and learn no secret of the protocol', async () => {
  await using rig = await DockerRig.make();
  const container = await rig.prepare(await rig.executor());
  const { stdout } = await runText(
    container,
    'pwd; cat; set; env; cat /proc/1/cmdline /proc/1/environ | tr "\\0" "\\n"; ls -l /proc/self/fd',
  );
  assert.match(stdout, /^\/workspace\n/);
  assert.doesNotMatch(stdout, /\b[0-9a-f]{48}\b/);
  await container.remove();
});

test('a script of a megabyte runs', async () => {
  await using rig = await DockerRig.make();
  const container = await rig.prepare(await rig.executor());
  const text = `: <<'END'\n${'0123456789abcde\n'.repeat(70_000)}END\necho done`;
  const result = await runText(container, text);
  assert.deepEqual([result.exitCode, result.stdout], [0, 'done\n']);
  await container.remove();
});

test('interrupt ends the processes of a script and leaves the container usable', async () => {
  await using rig = await DockerRig.make();
  const container = await rig.prepare(await rig.executor());
  const recorder = new Recorder();
  const running = runText(container, 'trap "echo asked; exit 9" TERM; echo ready; while :; do sleep 1; done', recorder);
  await recorder.saw('ready');
  await container.interrupt(false);
  assert.equal((await running).exitCode, 9);
  assert.match(recorder.stdout, /asked/);
  assert.equal((await runText(container, 'echo after')).stdout, 'after\n');
  await container.remove();
});

test('interrupt with force ends a script that ignores TERM', async () => {
  await using rig = await DockerRig.make();
  const container = await rig.prepare(await rig.executor());
  const recorder = new Recorder();
  const running = runText(container, 'trap "" TERM; echo ready; while :; do sleep 1; done', recorder);
  await recorder.saw('ready');
  await container.interrupt(false);
  await container.interrupt(true);
  const result = await running;
  assert.deepEqual([result.exitCode, result.outOfMemory], [137, false]);
  assert.equal((await runText(container, 'echo after')).stdout, 'after\n');
  await container.remove();
});

test('an interrupt that comes before the shell of a script runs reaches it all the same', async () => {
  await using rig = await DockerRig.make();
  const executor = await rig.executor();
  for (let round = 0; round < 5; round += 1) {
    const container = await rig.prepare(executor);
    const running = runText(container, 'echo begun; sleep 600');
    const interrupted = container.interrupt(false);
    assert.equal((await running).exitCode, 143);
    assert.equal((await runText(container, 'echo after')).stdout, 'after\n');
    await interrupted;
    await container.remove();
  }
});

test('a forced interrupt ends a container whose entrypoint has not got to the shell', async () => {
  await using rig = await DockerRig.make();
  const entrypoint = ['sh', '-c', 'echo waiting; sleep 600; exec "$@"', 'sh'];
  const container = await rig.prepare(await rig.executor(), { image: { name: 'busybox:latest', entrypoint } });
  const recorder = new Recorder();
  const broken = assert.rejects(runText(container, 'echo never', recorder), ExecutionBroken);
  await recorder.saw('waiting');
  await container.interrupt(true);
  await broken;
  assert.equal(recorder.stdout, 'waiting\n');
  await container.remove();
});

test('a script that is killed for lack of memory says so, with the limit', async () => {
  for (const recoverable of [false, true]) {
    await using rig = await DockerRig.make();
    const container = await rig.prepare(await rig.executor({ recoverable }), { isOnly: true });
    const [{ Id } = { Id: '' }] = await rig.client.listContainers(`${labelNames.owner}=${rig.ownerId}`);
    const body = JSON.stringify({ Memory: 33_554_432, MemorySwap: 33_554_432 });
    const limited = await rig.client.transport.send({ method: 'POST', path: `/containers/${Id}/update`, body });
    assert.equal(limited.status, 200);
    limited.body.resume();
    const { exitCode, outOfMemory, memoryLimit } = await runText(container, 'echo begun; tail /dev/zero');
    assert.deepEqual([exitCode, outOfMemory, memoryLimit], [137, true, 33_554_432]);
    await container.remove();
  }
});

test('interrupt when nothing runs does nothing', async () => {
  await using rig = await DockerRig.make();
  const container = await rig.prepare(await rig.executor());
  await container.interrupt(true);
  assert.equal((await runText(container, 'echo fine')).stdout, 'fine\n');
  await container.remove();
  await container.interrupt(true);
});

test('a container killed from outside breaks its run at once', async () => {
  await using rig = await DockerRig.make();
  const container = await rig.prepare(await rig.executor());
  const recorder = new Recorder();
  const broken = assert.rejects(runText(container, 'echo ready; sleep 600', recorder), ExecutionBroken);
  await recorder.saw('ready');
  const [id = ''] = await rig.left();
  await rig.client.killContainer(id, 'KILL');
  await broken;
  await container.remove();
});

test('a slow taker of output holds the job back and memory stays flat', async () => {
  await using rig = await DockerRig.make();
  const container = await rig.prepare(await rig.executor());
  let bytes = 0;
  let most = 0;
  const before = process.memoryUsage().rss;
  const exit = await container.run(
    { text: 'head -c 200000000 /dev/zero', mark: '@@mark ' },
    {
      async write(_stream, chunk) {
        bytes += chunk.length;
        await new Promise((resolve) => setImmediate(resolve));
        most = Math.max(most, process.memoryUsage().rss - before);
      },
      mark: () => {},
    },
  );
  assert.deepEqual([exit.exitCode, bytes], [0, 200_000_000]);
  assert.ok(most < 100_000_000, `grew by ${most} bytes`);
  await container.remove();
});

test('whoever takes the output and fails gets his own error back', async () => {
  await using rig = await DockerRig.make();
  const container = await rig.prepare(await rig.executor());
  const full = new Error('disk full');
  const sink = { write: () => Promise.reject(full), mark: () => {} };
  await assert.rejects(container.run({ text: 'echo hello', mark: '@@mark ' }, sink), (error) => error === full);
  await container.remove();
});
