import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readChangedFiles } from '../src/facts/changed-files.ts';
import { isDirty, noFacts, readRepositoryFacts } from '../src/facts/repository-facts.ts';
import { RepositoryReader } from '../src/git/RepositoryReader.ts';
import { TemporaryRepository } from './TemporaryRepository.ts';

test('a commit, its branch, its remote and the default branch are known', async () => {
  using repository = new TemporaryRepository();
  const sha = repository.commit('Title, with $HOME\n\nBody');
  repository.publish();
  repository.git('remote', 'add', 'origin', 'https://me:secret@example.com/group/project.git');
  repository.git('checkout', '-q', '-b', 'feature/x');
  const { facts, problem } = await readRepositoryFacts(repository.reader);
  assert.equal(problem, null);
  assert.deepEqual(facts, {
    remoteUrl: 'https://example.com/group/project.git',
    branch: 'feature/x',
    tag: null,
    defaultBranch: 'main',
    defaultRef: 'refs/remotes/origin/main',
    commit: {
      sha,
      beforeSha: null,
      message: 'Title, with $HOME\n\nBody',
      author: 'Ann <ann@example.com>',
      timestamp: '2026-01-02T03:04:05+01:00',
    },
  });
});

test('a tag counts only when no branch is checked out', async () => {
  using repository = new TemporaryRepository();
  repository.commit();
  repository.git('tag', 'v1.0');
  assert.equal((await readRepositoryFacts(repository.reader)).facts.tag, null);
  repository.git('checkout', '-q', 'v1.0');
  const { facts } = await readRepositoryFacts(repository.reader);
  assert.deepEqual([facts.branch, facts.tag], [null, 'v1.0']);
});

test('a repository without commits has a branch and nothing else', async () => {
  using repository = new TemporaryRepository();
  const { facts, problem } = await readRepositoryFacts(repository.reader);
  assert.equal(problem, null);
  assert.deepEqual([facts.branch, facts.commit], ['main', null]);
});

test('a directory that is no repository has no facts, and a reason', async () => {
  using repository = new TemporaryRepository();
  const { facts, problem } = await readRepositoryFacts(
    new RepositoryReader({ ...repository.call, cwd: repository.base }),
  );
  assert.deepEqual(facts, noFacts);
  assert.match(problem ?? '', /branch and commit are unknown/);
});

test('a tree is dirty with changed, staged or untracked files, not with ignored ones', async () => {
  using repository = new TemporaryRepository();
  repository.write('.gitignore', '*.log\n');
  repository.commit();
  repository.write('x.log');
  assert.equal(await isDirty(repository.reader), false);
  repository.write('new.txt');
  assert.equal(await isDirty(repository.reader), true);
});

test('variables that git sets for hooks do not lead to another repository', async () => {
  using repository = new TemporaryRepository();
  const sha = repository.commit();
  const env = { ...repository.env, GIT_DIR: '/nowhere', GIT_INDEX_FILE: '/nowhere/index', GIT_WORK_TREE: '/nowhere' };
  assert.equal((await readRepositoryFacts(new RepositoryReader({ cwd: repository.root, env }))).facts.commit?.sha, sha);
});

test('an aborted call ends with the reason of the signal', async () => {
  using repository = new TemporaryRepository();
  const signal = AbortSignal.abort(new Error('stop'));
  await assert.rejects(readRepositoryFacts(new RepositoryReader({ ...repository.call, signal })), /stop/);
});

test('a machine without git says so', async () => {
  using repository = new TemporaryRepository();
  const { problem } = await readRepositoryFacts(
    new RepositoryReader({ cwd: repository.root, env: { PATH: '/nowhere' } }),
  );
  assert.match(problem ?? '', /git is not installed/);
});

test('changed files are those since the default branch, uncommitted and untracked ones included', async () => {
  using repository = new TemporaryRepository();
  repository.write('kept');
  repository.write('edited');
  repository.commit();
  repository.publish();
  repository.git('checkout', '-q', '-b', 'feature');
  repository.write('committed');
  repository.commit();
  repository.write('edited', 'other\n');
  repository.write('únträcked');
  const { facts } = await readRepositoryFacts(repository.reader);
  assert.deepEqual(readChangedFiles(facts, repository.reader)?.toSorted(), ['committed', 'edited', 'únträcked']);
});

test('on the default branch itself the last commit tells what changed', async () => {
  using repository = new TemporaryRepository();
  repository.write('first');
  repository.commit();
  repository.write('second');
  repository.commit();
  repository.publish();
  const { facts } = await readRepositoryFacts(repository.reader);
  assert.deepEqual(readChangedFiles(facts, repository.reader), ['second']);
});

test('without a remote there is nothing to compare with', async () => {
  using repository = new TemporaryRepository();
  repository.commit();
  const { facts } = await readRepositoryFacts(repository.reader);
  assert.equal(readChangedFiles(facts, repository.reader), null);
});
