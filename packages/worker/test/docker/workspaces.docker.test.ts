import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { DockerRig, runText, tarOf, untar } from './rig.ts';

test('jobs see the checkout, change neither it nor each other', async () => {
  await using rig = await DockerRig.make();
  await rig.write('source/a.txt', 'original');
  const executor = await rig.executor();
  const [first, second] = await Promise.all([rig.prepare(executor), rig.prepare(executor)]);
  const one = await runText(first, 'cat source/a.txt; echo changed > source/a.txt; touch new; rm -rf source');
  const two = await runText(second, 'cat source/a.txt; ls');
  assert.equal(one.stdout, 'original');
  assert.equal(two.stdout, 'originalsource\n');
  await Promise.all([first.remove(), second.remove()]);
  assert.deepEqual(await readdir(rig.tree), ['source']);
  assert.equal(await readFile(join(rig.tree, 'source/a.txt'), 'utf8'), 'original');
  assert.deepEqual(rig.warnings, await rig.fallbackWarnings());
});

test('a path that no overlay can be named by falls back to a copy', async () => {
  await using rig = await DockerRig.make();
  const tree = join(rig.directory, 'odd:name,here');
  await mkdir(tree);
  await writeFile(join(tree, 'a.txt'), 'original');
  await symlink('a.txt', join(tree, 'link'));
  const container = await rig.prepare(await rig.executor({ trees: () => tree }));
  assert.match(rig.warnings.join('\n'), /has a comma, colon or backslash in it/);
  const result = await runText(container, 'cat link; echo changed > a.txt; touch new');
  assert.equal(result.stdout, 'original');
  assert.deepEqual((await container.listFiles('.'))?.toSorted(), ['a.txt', 'link', 'new']);
  await container.remove();
  assert.equal(await readFile(join(tree, 'a.txt'), 'utf8'), 'original');
});

test('an engine that refuses the overlay is given a copy, once with a warning and then remembered', async () => {
  await using rig = await DockerRig.make();
  await rig.write('a.txt', 'original');
  // A file where the engine expects the lower directory makes the mount fail, as a missing kernel feature would.
  const broken = join(rig.directory, 'file');
  await writeFile(broken, '');
  let tree = broken;
  const executor = await rig.executor({ trees: () => tree });
  await assert.rejects(rig.prepare(executor));
  assert.match(rig.warnings.join('\n'), /by overlay; falling back to copy/);
  tree = rig.tree;
  const container = await rig.prepare(executor);
  assert.equal((await runText(container, 'cat a.txt')).stdout, 'original');
  await container.remove();
});

test('a checkout that holds the state directory is copied without it', async () => {
  await using rig = await DockerRig.make();
  await rig.write('a.txt', 'original');
  const container = await rig.prepare(await rig.executor({ stateDirectory: join(rig.tree, 'state') }));
  assert.match(rig.warnings.join('\n'), /holds the state directory/);
  assert.equal((await runText(container, 'cat a.txt; ls state/work')).stdout, 'original');
  await container.remove();
});

test('the shared way lets jobs write into the checkout', async () => {
  await using rig = await DockerRig.make();
  const container = await rig.prepare(await rig.executor({ workspaceMode: 'shared' }));
  await runText(container, 'echo made > by-job');
  await container.remove();
  assert.equal(await readFile(join(rig.tree, 'by-job'), 'utf8'), 'made\n');
});

test('an empty workspace is empty and can be written', async () => {
  await using rig = await DockerRig.make();
  const container = await rig.prepare(await rig.executor(), { source: { kind: 'empty' } });
  assert.equal((await runText(container, 'ls -A; echo x > y && cat y')).stdout, 'x\n');
  await container.remove();
});

for (const { way, name } of [
  { way: 'in the best way there is', name: 'tree' },
  { way: 'that is a copy', name: 'tree:copied' },
]) {
  test(`another user than root can write into a workspace ${way}`, async () => {
    await using rig = await DockerRig.make();
    const tree = join(rig.directory, name);
    await mkdir(tree, { recursive: true, mode: 0o755 });
    const executor = await rig.executor({ trees: () => tree });
    const container = await rig.prepare(executor, { image: { name: 'busybox:latest', user: '1234' } });
    assert.equal((await runText(container, 'id -u; echo x > y && cat y')).stdout, '1234\nx\n');
    await container.remove();
  });
}

test('files go in before the script and come out after it, named from the workspace', async () => {
  await using rig = await DockerRig.make();
  const container = await rig.prepare(await rig.executor());
  const long = `${'deep/'.repeat(30)}file.txt`;
  await container.putFiles(tarOf({ 'in/put.txt': 'from outside' }));
  const result = await runText(
    container,
    `cat in/put.txt; mkdir -p a/b/c "$(dirname ${long})"; echo 1 > a/b/c/1; echo 2 > a/b/2; echo 3 > ${long}`,
  );
  assert.equal(result.stdout, 'from outside');
  const whole = await container.getFiles('.');
  const part = await container.getFiles('a/b');
  assert.ok(whole !== null && part !== null);
  assert.deepEqual(
    Object.keys(await untar(whole))
      .map((name) => name.replace(/^\.\//, ''))
      .toSorted(),
    ['a/b/2', 'a/b/c/1', long, 'in/put.txt'],
  );
  assert.deepEqual(await untar(part), { 'a/b/2': '2\n', 'a/b/c/1': '1\n' });
  const deep = await container.getFiles(long);
  assert.ok(deep !== null);
  assert.deepEqual(await untar(deep), { [long]: '3\n' });
  assert.equal(await container.getFiles('nowhere'), null);
  await container.remove();
});

test('listing names what is in the checkout and what the job wrote, and follows no link', async () => {
  await using rig = await DockerRig.make();
  await rig.write('dist/old', '');
  const container = await rig.prepare(await rig.executor());
  await runText(container, 'mkdir dist/sub; touch dist/sub/new other; ln -s /etc out; mv dist moved');
  assert.deepEqual((await container.listFiles('moved'))?.toSorted(), ['moved/old', 'moved/sub/new']);
  assert.equal(await container.listFiles('out'), null);
  assert.deepEqual(await container.listFiles('nowhere'), []);
  await container.remove();
});
