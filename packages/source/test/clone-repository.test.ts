import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Result } from '@xx-pipeline/common';
import { cloneRepository } from '../src/clone-repository.ts';
import { isRemoteUrl, withoutCredentials } from '../src/facts/remote-url.ts';
import type { SourceProblem } from '../src/source-problem.ts';
import { TemporaryRepository } from './TemporaryRepository.ts';

function withTwoBranches(): { repository: TemporaryRepository; first: string } {
  const repository = new TemporaryRepository();
  repository.write('file', 'first\n');
  const first = repository.commit();
  repository.write('file', 'second\n');
  repository.commit();
  repository.git('tag', 'v1');
  repository.git('checkout', '-q', '-b', 'other');
  repository.write('file', 'other\n');
  repository.commit();
  repository.git('checkout', '-q', 'main');
  repository.write('file', 'uncommitted\n');
  return { repository, first };
}

test('a clone has the branch, tag or commit that was asked for, and not what is uncommitted', async () => {
  const { repository, first } = withTwoBranches();
  using _ = repository;
  const into = join(repository.base, 'clone');
  const cases = [
    [{ repository: repository.root }, 'second\n', 'main'],
    [{ repository: 'repo', branch: 'other' }, 'other\n', 'other'],
    [{ repository: repository.root, branch: 'v1' }, 'second\n', null],
    [{ repository: repository.root, commit: first }, 'first\n', null],
    [{ repository: repository.root, commit: 'other' }, 'other\n', null],
    [{ repository: `file://${repository.root}`, branch: 'main', commit: first.slice(0, 10) }, 'first\n', 'main'],
  ] as const;
  for (const [request, text, branch] of cases) {
    const clone = opened(await cloneRepository(request, into, { ...repository.call, cwd: repository.base }));
    assert.equal(readFileSync(join(clone.root, 'file'), 'utf8'), text, JSON.stringify(request));
    assert.equal(clone.branch, branch === null && 'branch' in request ? 'v1' : branch, JSON.stringify(request));
    await clone.remove();
    assert.equal(existsSync(into), false);
  }
});

test('without a path the repository around the current directory is cloned, known by its remote', async () => {
  const { repository } = withTwoBranches();
  using _ = repository;
  repository.git('remote', 'add', 'origin', 'https://token@example.com/a/b.git');
  const clone = opened(await cloneRepository({ branch: 'other' }, join(repository.base, 'clone'), repository.call));
  assert.equal(clone.repository, 'https://example.com/a/b.git');
});

test('a failed clone gives the reason and leaves nothing behind', async () => {
  const { repository } = withTwoBranches();
  using _ = repository;
  const into = join(repository.base, 'clone');
  const cases: [object, object, RegExp?][] = [
    [{ repository: '/nowhere' }, { kind: 'no-repository-at', path: '/nowhere' }],
    [{}, { kind: 'not-in-repository', directory: repository.base }],
    [{ repository: repository.base }, { kind: 'git-failed', action: 'clone' }, /repository '.*' does not exist/],
    [{ repository: repository.root, branch: 'none' }, { kind: 'git-failed', action: 'clone' }, /branch none not found/],
    [
      { repository: repository.root, commit: 'none' },
      { kind: 'unknown-commit', commit: 'none' },
    ],
    [{ repository: 'ext::sh -c touch% pwned' }, { kind: 'git-failed', action: 'clone' }],
  ];
  for (const [request, problem, reason] of cases) {
    const result = await cloneRepository(request, into, { ...repository.call, cwd: repository.base });
    assert.ok(!result.ok, JSON.stringify(request));
    assert.partialDeepStrictEqual(result.error, problem);
    if (reason !== undefined) assert.match('reason' in result.error ? result.error.reason : '', reason);
    assert.equal(existsSync(into), false);
  }
  assert.equal(existsSync(join(repository.base, 'pwned')), false);
});

function opened<T>(result: Result<T, SourceProblem>): T {
  assert.ok(result.ok, JSON.stringify(result));
  return result.value;
}

test('credentials do not stay in addresses', () => {
  assert.equal(withoutCredentials('https://me:secret@example.com/x@y.git'), 'https://example.com/x@y.git');
  assert.equal(withoutCredentials('https://token@example.com/x'), 'https://example.com/x');
  assert.equal(withoutCredentials('ssh://git:pw@example.com:22/x'), 'ssh://git@example.com:22/x');
  assert.equal(withoutCredentials('git@example.com:a/b.git'), 'git@example.com:a/b.git');
  assert.equal(withoutCredentials('/a/path@home'), '/a/path@home');
});

test('addresses are told from paths', () => {
  for (const url of ['https://example.com/x', 'file:///x', 'git@example.com:a/b', 'host:path'])
    assert.ok(isRemoteUrl(url), url);
  for (const path of ['/x', '.', '../x', 'a/b:c', './host:path']) assert.ok(!isRemoteUrl(path), path);
});
