import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ImageUnavailable } from '../../src/execution/errors.ts';
import { LoopbackRegistry } from './LoopbackRegistry.ts';
import { DockerRig, runText } from './rig.ts';

const manifests = (requests: readonly string[]) => requests.filter((path) => path.endsWith('/manifests/latest')).length;

test('an image that is not there is pulled once, however many jobs wait for it, and then not asked for again', async () => {
  await using rig = await DockerRig.make();
  await using registry = await LoopbackRegistry.start(rig.client);
  const image = { name: registry.image };
  const executor = await rig.executor();
  const containers = await Promise.all([1, 2, 3].map(() => rig.prepare(executor, { image })));
  const blobs = registry.requests.filter((path) => path.includes('/blobs/'));
  assert.equal(new Set(blobs).size, blobs.length);
  assert.deepEqual(rig.pulled, [image.name, image.name, image.name]);
  const asked = registry.requests.length;
  containers.push(await rig.prepare(executor, { image }));
  assert.equal(registry.requests.length, asked);
  const [first] = containers;
  assert.ok(first !== undefined);
  assert.equal((await runText(first, 'echo hello')).stdout, 'hello\n');
  await Promise.all(containers.map((container) => container.remove()));
  await executor.close();
});

test('`always` asks the registry once in a run; a tag that it does not have is said to be unknown', async () => {
  await using rig = await DockerRig.make();
  await using registry = await LoopbackRegistry.start(rig.client);
  const executor = await rig.executor();
  const image = { name: registry.image, pullPolicy: ['always'] as const };
  await (await rig.prepare(executor, { image, runId: 'one' })).remove();
  const once = manifests(registry.requests);
  await (await rig.prepare(executor, { image, runId: 'one' })).remove();
  assert.equal(manifests(registry.requests), once);
  await (await rig.prepare(executor, { image, runId: 'two' })).remove();
  assert.ok(manifests(registry.requests) > once);
  const absent = { name: registry.image.replace('latest', 'none'), pullPolicy: ['always', 'never'] as const };
  await assert.rejects(rig.prepare(executor, { image: absent }), (error) => {
    assert.ok(error instanceof ImageUnavailable);
    assert.match(error.message, /cannot be pulled: .*unknown/);
    return true;
  });
  await executor.close();
});

test('where one policy fails the next one in the list is followed', async () => {
  await using rig = await DockerRig.make();
  const registry = await LoopbackRegistry.start(rig.client);
  const executor = await rig.executor();
  const name = registry.image;
  await (await rig.prepare(executor, { image: { name } })).remove();
  registry.stop();
  const image = { name, pullPolicy: ['always', 'if-not-present'] as const };
  await (await rig.prepare(executor, { image })).remove();
  await executor.close();
  await registry[Symbol.asyncDispose]();
});
