import assert from 'node:assert/strict';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { findPipelineFile, type PipelineLocation } from '../src/tree/find-pipeline-file.ts';
import { workingTreeFiles } from '../src/tree/working-tree-files.ts';
import { TemporaryRepository } from './TemporaryRepository.ts';

function located(cwd: string, file?: string): PipelineLocation {
  const found = findPipelineFile(cwd, file);
  assert.ok(found.ok, JSON.stringify(found));
  return found.value;
}

const filesOf = (repository: TemporaryRepository, isRepository = true) =>
  workingTreeFiles(repository.root, isRepository ? repository.reader : null);

test('files of the tree can be read, and what is no file is none', () => {
  using repository = new TemporaryRepository();
  repository.write('ci/base.yml', 'a: 1\n');
  const files = filesOf(repository);
  assert.equal(files.read('ci/base.yml'), 'a: 1\n');
  assert.equal(files.read('/ci//./base.yml'), 'a: 1\n');
  for (const path of ['', '.', 'ci', 'none', 'ci/base.yml/x', 'x'.repeat(5000), 'a\0b'])
    assert.equal(files.read(path), null);
});

test('nothing outside the tree can be read', () => {
  using repository = new TemporaryRepository();
  writeFileSync(join(repository.base, 'secret'), 'secret');
  mkdirSync(join(repository.base, 'repo-beside'));
  writeFileSync(join(repository.base, 'repo-beside', 'secret'), 'secret');
  symlinkSync('../secret', join(repository.root, 'link'));
  symlinkSync('..', join(repository.root, 'up'));
  symlinkSync('../repo-beside', join(repository.root, 'beside'));
  symlinkSync('.git/config', join(repository.root, 'config'));
  symlinkSync('loop', join(repository.root, 'loop'));
  const files = filesOf(repository);
  for (const path of [
    '../secret',
    'link',
    'up/secret',
    'beside/secret',
    'ci/../../secret',
    '/../secret',
    '.git/config',
    'config',
    'loop',
  ]) {
    assert.equal(files.read(path), null, path);
  }
});

test('links inside the tree are followed', () => {
  using repository = new TemporaryRepository();
  repository.write('real.yml', 'a: 1\n');
  symlinkSync('real.yml', join(repository.root, 'link.yml'));
  assert.equal(filesOf(repository).read('link.yml'), 'a: 1\n');
});

test('tracked and new files are listed, deleted and ignored ones are not', () => {
  using repository = new TemporaryRepository();
  repository.write('.gitignore', 'node_modules/\n');
  repository.write('tracked');
  repository.write('deleted');
  repository.write('R name with spaces');
  repository.commit();
  rmSync(join(repository.root, 'deleted'));
  repository.write('dir/ünträcked');
  repository.write('node_modules/x');
  const expected = ['.gitignore', 'R name with spaces', 'dir/ünträcked', 'tracked'];
  assert.deepEqual(filesOf(repository).list().toSorted(), expected);
});

test('a tree that is no repository is walked, links not followed', () => {
  using repository = new TemporaryRepository();
  repository.write('a/b/c');
  repository.write('d');
  symlinkSync('..', join(repository.root, 'a', 'up'));
  assert.deepEqual(filesOf(repository, false).list(), ['a/b/c', 'a/up', 'd']);
});

test('the pipeline file is the first known name, here or in a directory above', () => {
  using repository = new TemporaryRepository();
  repository.write('.gitlab-ci.yml');
  repository.write('deep/er/file');
  const deep = join(repository.root, 'deep/er');
  assert.deepEqual(located(deep), {
    root: repository.root,
    isRepository: true,
    path: join(repository.root, '.gitlab-ci.yml'),
    file: '.gitlab-ci.yml',
    isNamed: false,
  });
  repository.write('.pipelines/pipeline.yaml');
  assert.equal(located(deep).file, '.pipelines/pipeline.yaml');
  repository.write('deep/.xx-pipeline.yaml');
  assert.equal(located(deep).file, 'deep/.xx-pipeline.yaml');
});

test('the search ends at the root of the repository', () => {
  using repository = new TemporaryRepository();
  writeFileSync(join(repository.base, '.gitlab-ci.yml'), '');
  assert.deepEqual(findPipelineFile(repository.root), {
    ok: false,
    error: { kind: 'no-pipeline-file', directory: repository.root, inRepository: true },
  });
});

test('a named file runs the repository it belongs to, else the one around the current directory', () => {
  using repository = new TemporaryRepository();
  repository.write('ci/other.yml');
  writeFileSync(join(repository.base, 'outside.yml'), '');
  assert.equal(located(repository.base, 'repo/ci/other.yml').root, repository.root);
  assert.equal(located(join(repository.root, 'ci'), 'other.yml').file, 'ci/other.yml');
  const outside = located(repository.root, '../outside.yml');
  assert.deepEqual([outside.root, outside.file], [repository.root, join(repository.base, 'outside.yml')]);
  const lone = located(repository.base, 'outside.yml');
  assert.deepEqual([lone.root, lone.isRepository, lone.file], [repository.base, false, 'outside.yml']);
});
