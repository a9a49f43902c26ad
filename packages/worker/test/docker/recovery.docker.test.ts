import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sandboxContainer } from '../../src/execution/docker/container-spec.ts';
import { DockerExecutor } from '../../src/execution/docker/DockerExecutor.ts';
import { labelNames } from '../../src/execution/docker/label-names.ts';
import { RecoveryDirectory } from '../../src/execution/docker/recovery/RecoveryDirectory.ts';
import type { ContainerSpec } from '../../src/execution/JobExecutor.ts';
import { DockerRig, Recorder, runText } from './rig.ts';

const recoverable = { recoverable: true } as const;

test('a recoverable container tells output, marks and exit codes as any other', async () => {
  await using rig = await DockerRig.make();
  await rig.write('file.txt', 'content');
  const executor = await rig.executor(recoverable);
  const container = await rig.prepare(executor);
  const first = await runText(
    container,
    'cat file.txt; echo; echo one; echo two >&2; echo three > /dev/stdout; echo four > /dev/stderr\n' +
      "printf '@@mark 7\\n' >&2; printf '@@mark 7\\n'; printf 'no line end'; exit 3",
  );
  assert.equal(first.exitCode, 3);
  assert.equal(first.stdout, 'content\none\nthree\nno line end');
  assert.equal(first.stderr, 'two\nfour\n');
  assert.deepEqual(first.marks, [7]);
  const second = await runText(container, 'cat file.txt; cat /proc/1/cmdline >/dev/null; ls /run/xx-pipeline');
  assert.equal(second.exitCode, 0);
  assert.equal(second.stdout, 'contenterr\nexit\nout\n');
  await container.remove();
});

test('a recoverable script is ended by TERM and KILL, and the next one still runs', async () => {
  await using rig = await DockerRig.make();
  const executor = await rig.executor(recoverable);
  const container = await rig.prepare(executor);
  for (const force of [false, true]) {
    const recorder = new Recorder();
    const trap = force ? "trap '' TERM; " : '';
    const running = container.run({ text: `${trap}echo up; while :; do sleep 1; done`, mark: '@@' }, recorder);
    await recorder.saw('up');
    await container.interrupt(force);
    assert.equal((await running).exitCode, force ? 137 : 143);
  }
  assert.equal((await runText(container, 'echo after')).stdout, 'after\n');
  await container.remove();
});

test('large output of a recoverable script arrives whole', async () => {
  await using rig = await DockerRig.make();
  const executor = await rig.executor(recoverable);
  const container = await rig.prepare(executor);
  let bytes = 0;
  const exit = await container.run(
    { text: 'yes 0123456789abcde | head -c 100000000; seq 1 20000 >&2', mark: '@@' },
    {
      write: (stream, piece) => {
        if (stream === 'stdout') bytes += piece.length;
      },
      mark: () => {},
    },
  );
  assert.equal(exit.exitCode, 0);
  assert.equal(bytes, 100_000_000);
  await container.remove();
});

/** The container of this rig's only job; ids of jobs are the same in every rig. */
async function jobContainerOf(rig: DockerRig): Promise<string> {
  const all = await rig.client.listContainers(`${labelNames.owner}=${rig.ownerId}`);
  const [found, ...others] = all.filter(({ Labels }) => Labels?.[labelNames.job] !== undefined);
  assert.ok(found !== undefined && others.length === 0);
  return found.Id;
}

/** A script begun by one executor and adopted by another of the same owner, as a restarted process is one. */
async function adopted(rig: DockerRig, text: string, until: string) {
  const former = await rig.executor(recoverable);
  const spec: ContainerSpec = rig.spec();
  const container = await former.prepare(spec, rig.observer, AbortSignal.timeout(60_000));
  const heard = new Recorder();
  const abandoned = container.run({ text, mark: '@@mark ' }, heard).catch(() => {});
  await heard.saw(until);
  const next = await rig.executor(recoverable);
  return { next, spec, heard, abandoned, former: container };
}

test('a script that another process has begun is told from its beginning, goes on, and runs once', async () => {
  await using rig = await DockerRig.make();
  const { next, spec, abandoned } = await adopted(
    rig,
    'echo ran >> count; echo begun; echo err >&2; while [ ! -e go ]; do sleep 0.1; done; echo ended; wc -l < count; exit 5',
    'begun',
  );
  const container = await next.adopt(spec);
  assert.ok(container);
  await next.removeUnadopted();
  const recorder = new Recorder();
  const running = container.run({ text: 'never handed over', mark: 'unknown' }, recorder);
  await recorder.saw('begun\n');
  await rig.client.exec(await jobContainerOf(rig), ['touch', '/workspace/go'], '0');
  assert.equal((await running).exitCode, 5);
  assert.equal(recorder.stdout, 'begun\nended\n1\n');
  assert.equal(recorder.stderr, 'err\n');
  const second = await runText(container, 'echo second');
  assert.equal(second.stdout, 'second\n');
  await abandoned;
  await container.remove();
});

test('a container that ended before it was adopted tells what its script had printed, and its exit code', async () => {
  await using rig = await DockerRig.make();
  const { next, spec, abandoned } = await adopted(rig, 'echo all; exit 4', 'all');
  await abandoned;
  await rig.client.removeContainer(await jobContainerOf(rig));
  const container = await next.adopt(spec);
  assert.ok(container);
  const told = await runText(container, 'never handed over');
  assert.equal(told.exitCode, 4);
  assert.equal(told.stdout, 'all\n');
  await assert.rejects(runText(container, 'echo too late'), /ended before its script did/);
  await container.remove();
});

test('further containers of an attempt are adopted, paused, resumed and removed with its own', async () => {
  await using rig = await DockerRig.make();
  const { next, spec, abandoned } = await adopted(rig, 'echo begun; while [ ! -e go ]; do sleep 0.1; done', 'begun');
  const own = await jobContainerOf(rig);
  const other = await rig.client.createContainer(sandboxContainer('busybox:latest', rig.ownerId, false), {});
  await rig.client.startContainer(other);
  const [recovery] = await RecoveryDirectory.all(DockerExecutor.directoryOf(rig.state, rig.ownerId));
  assert.ok(recovery?.container);
  recovery.writeContainer({ ...recovery.container, containerIds: [own, other] });
  const paused = async () =>
    await Promise.all([own, other].map(async (id) => (await rig.client.inspectContainer(id))?.State.Paused));
  await Promise.all([own, other].map((id) => rig.client.pauseContainer(id)));

  const container = await next.adopt(spec);
  assert.ok(container);
  await next.removeUnadopted();
  assert.deepEqual(await paused(), [false, false]);
  await container.pause();
  assert.deepEqual(await paused(), [true, true]);
  await container.unpause();
  assert.deepEqual(await paused(), [false, false]);
  await rig.client.exec(own, ['touch', '/workspace/go'], '0');
  assert.equal((await runText(container, 'never handed over')).exitCode, 0);
  await abandoned;
  await container.remove();
  assert.deepEqual(await paused(), [undefined, undefined]);
});

test('what was never begun is not adopted but removed', async () => {
  await using rig = await DockerRig.make();
  const former = await rig.executor(recoverable);
  const spec = rig.spec();
  const container = await former.prepare(spec, rig.observer, AbortSignal.timeout(60_000));
  const next = await rig.executor(recoverable);
  assert.equal(await next.adopt(spec), null);
  await next.removeUnadopted();
  assert.deepEqual(await rig.left(), []);
  await container.remove();
});

/** As on a disk that takes nothing more of the two files, from the first byte on. */
const fullDisk = {
  name: 'busybox:latest',
  entrypoint: [
    'sh',
    '-c',
    'ln -s /dev/full /run/xx-pipeline/out && ln -s /dev/full /run/xx-pipeline/err && "$@"',
    'sh',
  ],
};

/** Waits in a script until the disk has refused the output before it: what wrote to it has ended then. */
const untilRefused = 'while ls -l /proc/[0-9]*/fd 2>/dev/null | grep -q /dev/full; do :; done';

class LossRecorder extends Recorder {
  readonly losses: string[] = [];

  lost(_stream: 'stdout' | 'stderr', why: string): void {
    this.losses.push(why);
  }
}

test('a script that ends when the disk is full tells its exit code, and that output may be missing', async () => {
  await using rig = await DockerRig.make();
  const executor = await rig.executor(recoverable);
  const container = await rig.prepare(executor, { image: fullDisk });
  // Nothing before the trailers: they are what the disk refuses.
  const silent = new LossRecorder();
  assert.equal((await runText(container, 'exit 4', silent)).exitCode, 4);
  assert.equal(silent.losses.length, 2, silent.losses.join('; '));
  assert.match(silent.losses[0] ?? '', /^Up to 128 KiB of the standard (output|error) may be missing here: .*disk/);
  // From then on all goes over the connection.
  const heard = new LossRecorder();
  assert.equal((await runText(container, 'seq 1 20000; echo two >&2; exit 5', heard)).exitCode, 5);
  assert.equal(heard.stdout, Array.from({ length: 20000 }, (_, index) => `${index + 1}\n`).join(''));
  assert.equal(heard.stderr, 'two\n');
  assert.deepEqual(heard.losses, []);
  await container.remove();
});

test('what a full disk refuses in the middle of a script is announced where it is missing', async () => {
  await using rig = await DockerRig.make();
  const executor = await rig.executor(recoverable);
  const container = await rig.prepare(executor, { image: fullDisk });
  const recorder = new LossRecorder();
  const { exitCode } = await runText(
    container,
    `echo one; echo lost >&2; ${untilRefused}; echo two; echo three >&2; exit 6`,
    recorder,
  );
  assert.equal(exitCode, 6);
  assert.equal(recorder.stdout, 'two\n');
  assert.equal(recorder.stderr, 'three\n');
  assert.equal(recorder.losses.length, 2, recorder.losses.join('; '));
  await container.remove();
});
