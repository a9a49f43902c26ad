import assert from 'node:assert/strict';
import { test } from 'node:test';
import { labelNames } from '../../src/execution/docker/label-names.ts';
import { DockerRig, Recorder } from './rig.ts';

const ticking = 'echo up; i=0; while [ ! -e stop ]; do i=$((i+1)); echo $i > tick; done; echo down';

async function ids(rig: DockerRig): Promise<string[]> {
  const all = await rig.client.listContainers(`${labelNames.owner}=${rig.ownerId}`);
  return all.filter(({ Labels }) => Labels?.[labelNames.job] !== undefined).map(({ Id }) => Id);
}

async function isPaused(rig: DockerRig): Promise<boolean | undefined> {
  return (await rig.client.inspectContainer((await ids(rig))[0] ?? ''))?.State.Paused;
}

test('nothing of a paused container goes on until it is unpaused; then it does, and pausing twice is pausing once', async () => {
  await using rig = await DockerRig.make();
  const container = await rig.prepare(await rig.executor({ recoverable: true }));
  const recorder = new Recorder();
  const running = container.run({ text: ticking, mark: '@@' }, recorder);
  await recorder.saw('up');
  await container.pause();
  await container.pause();
  assert.equal(await isPaused(rig), true);
  await container.unpause();
  await container.unpause();
  assert.equal(await isPaused(rig), false);
  await rig.client.exec((await ids(rig))[0] ?? '', ['touch', '/workspace/stop'], '0');
  assert.equal((await running).exitCode, 0);
  assert.equal(recorder.stdout, 'up\ndown\n');
  await container.remove();
});

test('a paused container is killed and removed without going on', async () => {
  await using rig = await DockerRig.make();
  for (const way of ['kill', 'remove'] as const) {
    const container = await rig.prepare(await rig.executor({ recoverable: true }));
    const recorder = new Recorder();
    const running = container.run({ text: ticking, mark: '@@' }, recorder);
    const ended = running.then(
      () => 'ended by itself',
      () => 'ended from outside',
    );
    await recorder.saw('up');
    await container.pause();
    if (way === 'kill') {
      await container.interrupt(true);
      assert.equal(await ended, 'ended from outside');
    }
    await container.remove();
    assert.equal(await ended, 'ended from outside');
    assert.equal(recorder.stdout, 'up\n');
  }
});

test('pausing and unpausing a container that has ended does nothing', async () => {
  await using rig = await DockerRig.make();
  const container = await rig.prepare(await rig.executor({ recoverable: true }));
  await rig.client.killContainer((await ids(rig))[0] ?? '', 'KILL');
  await container.pause();
  await container.unpause();
  await container.remove();
  await container.pause();
  await container.unpause();
});

test('a script that another process has begun goes on when it is adopted, also when its container was paused', async () => {
  await using rig = await DockerRig.make();
  const former = await rig.executor({ recoverable: true });
  const spec = rig.spec();
  const begun = await former.prepare(spec, rig.observer, AbortSignal.timeout(60_000));
  const heard = new Recorder();
  const abandoned = begun.run({ text: ticking, mark: '@@' }, heard).catch(() => {});
  await heard.saw('up');
  await begun.pause();
  const next = await rig.executor({ recoverable: true });
  const container = await next.adopt(spec);
  assert.ok(container);
  assert.equal(await isPaused(rig), false);
  const recorder = new Recorder();
  const running = container.run({ text: 'never handed over', mark: '@@' }, recorder);
  await rig.client.exec((await ids(rig))[0] ?? '', ['touch', '/workspace/stop'], '0');
  assert.equal((await running).exitCode, 0);
  assert.equal(recorder.stdout, 'up\ndown\n');
  await abandoned;
  await container.remove();
});
