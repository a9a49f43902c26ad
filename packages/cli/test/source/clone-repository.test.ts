import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CommandError } from '../../src/io/CommandIo.ts';
import { cloneRepository } from '../../src/source/clone-repository.ts';
import { isRemoteUrl, withoutCredentials } from '../../src/source/remote-url.ts';
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
    const clone = await cloneRepository(request, into, { ...repository.call, cwd: repository.base });
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
  const clone = await cloneRepository({ branch: 'other' }, join(repository.base, 'clone'), repository.call);
  assert.equal(clone.repository, 'https://example.com/a/b.git');
});

test('what cannot be cloned is one clear message, and nothing is left', async () => {
  const { repository } = withTwoBranches();
  using _ = repository;
  const into = join(repository.base, 'clone');
  const cases: [object, RegExp][] = [
    [{ repository: '/nowhere' }, /there is no repository at \/nowhere/],
    [{ repository: repository.base }, /cannot clone .*: repository '.*' does not exist/],
    [{ repository: repository.root, branch: 'none' }, /Remote branch none not found/],
    [{ repository: repository.root, commit: 'none' }, /the repository has no commit none/],
    [{ repository: 'ext::sh -c touch% pwned' }, /cannot clone/],
  ];
  for (const [request, message] of cases) {
    await assert.rejects(
      cloneRepository(request, into, { ...repository.call, cwd: repository.base }),
      (error: unknown) => {
        assert.ok(error instanceof CommandError, String(error));
        assert.match(error.message, message);
        return true;
      },
    );
    assert.equal(existsSync(into), false);
  }
  assert.equal(existsSync(join(repository.base, 'pwned')), false);
});

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
