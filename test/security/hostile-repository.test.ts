import assert from 'node:assert/strict';
import { symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { runInProcess } from '../../packages/cli/test/commands/run-in-process.ts';
import { hasRun, hostileCases, hostileRepository } from '../../packages/source/test/hostile-repositories.ts';
import { TemporaryRepository } from '../../packages/source/test/TemporaryRepository.ts';

/** Commands that read the repository around them; the last ends where it would need an engine. */
const commands = [
  ['check'],
  ['dry-run'],
  ['explain', 't'],
  ['graph'],
  ['run', '--local'],
  ['run', '--local', '--repo', '.'],
];

for (const hostile of hostileCases) {
  test(`no command starts a program of a repository: ${hostile.name}`, async () => {
    using repository = hostileRepository(hostile);
    const env = { ...repository.env, XX_HOME: join(repository.base, 'home'), DOCKER_HOST: 'unix:///nowhere' };
    for (const command of commands) {
      await runInProcess(command, repository.root, env);
      assert.equal(hasRun(repository), false, command.join(' '));
    }
  });
}

test('a pipeline file that is a link out of its tree is not read, and so not quoted', async () => {
  using repository = new TemporaryRepository();
  const secret = join(repository.base, 'secret');
  writeFileSync(secret, 'root:*:20228:0:99999:7:: config\n');
  symlinkSync(secret, join(repository.root, '.gitlab-ci.yml'));
  repository.commit();
  const env = { ...repository.env, XX_HOME: join(repository.base, 'home'), DOCKER_HOST: 'unix:///nowhere' };
  const commands = [['check'], ['run', '--local'], ['run', '--local', '--repo', '.', '--file', '.gitlab-ci.yml']];
  for (const command of commands) {
    const { stdout, stderr, exitCode } = await runInProcess(command, repository.root, env);
    assert.equal(exitCode, 2, stderr);
    assert.match(stderr, /\.gitlab-ci\.yml is not a file of this tree/);
    assert.doesNotMatch(stdout + stderr, /20228/);
  }
  // A link inside the tree is followed, and so is one that the user named.
  assert.match((await runInProcess(['check', '-f', '.gitlab-ci.yml'], repository.root, env)).stdout, /20228/);
  unlinkSync(join(repository.root, '.gitlab-ci.yml'));
  repository.write('ci.yml', 't: {image: busybox, script: [a]}\n');
  symlinkSync('ci.yml', join(repository.root, '.gitlab-ci.yml'));
  assert.equal((await runInProcess(['check'], repository.root, env)).exitCode, 0);
});

test('an address whose transport is a command or a descriptor is refused at once', async () => {
  using repository = new TemporaryRepository();
  const env = { ...repository.env, XX_HOME: join(repository.base, 'home'), DOCKER_HOST: 'unix:///nowhere' };
  for (const address of ['fd::17/foo', 'ext::sh -c touch% pwned', 'http::ext::sh', 'testgit::x']) {
    const { stderr, exitCode } = await runInProcess(['run', '--local', '--repo', address], repository.root, env);
    assert.equal(exitCode, 2, stderr);
    assert.match(stderr, /cannot clone/);
  }
});
