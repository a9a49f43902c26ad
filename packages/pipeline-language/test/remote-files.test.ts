import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkPipeline } from '../src/check-pipeline.ts';
import { checkWithFetched } from '../src/check-with-fetched.ts';
import { renderDiagnostics } from '../src/diagnostics/render.ts';
import { type FileRef, fileName } from '../src/source/FileRef.ts';

const origin = 'group/templates@4f2a';
const context = { predefined: {}, pipelineVariables: {}, changedFiles: null };
/** The tree has a file of the same path as one elsewhere. */
const files = {
  read: (path: string) => (path === 'base.yml' ? 'wrong: {image: i, script: [x]}\n' : null),
  list: () => ['base.yml'],
};
const elsewhere: Readonly<Record<string, string>> = {
  'base.yml': 'include: deep.yml\n.base: {image: i}\n',
  'deep.yml': '.deep: {script: [x]}\n',
};
const root = {
  file: 'root.yml',
  origin,
  text: 'include: base.yml\na: {extends: [.base, .deep]}\n',
  files,
  context,
};
const fetchFrom = (asked: FileRef[][]) => async (missing: readonly FileRef[]) => {
  asked.push([...missing]);
  return new Map(missing.flatMap((ref) => (ref.path in elsewhere ? [[fileName(ref), elsewhere[ref.path] ?? '']] : [])));
};

test('a check names the files of other origins that it misses, and blames nothing on them', () => {
  const { missing, plan, diagnostics } = checkPipeline(root);
  assert.deepEqual(missing, [{ origin, path: 'base.yml' }]);
  assert.equal(plan, null);
  assert.deepEqual(diagnostics, []);
});

test('files are fetched level by level until none is missing', async () => {
  const asked: FileRef[][] = [];
  const { plan, missing, sources } = await checkWithFetched(root, fetchFrom(asked));
  assert.deepEqual(asked, [[{ origin, path: 'base.yml' }], [{ origin, path: 'deep.yml' }]]);
  assert.deepEqual(missing, []);
  assert.deepEqual(
    plan?.stages.flatMap((stage) => stage.jobs.map((job) => [job.name, job.script])),
    [['a', ['x']]],
  );
  // The file of the same path in the tree is another one.
  const name = (path: string) => `[${origin}] ${path}`;
  assert.deepEqual([...sources.keys()], [name('root.yml'), name('base.yml'), name('deep.yml')]);
});

test('a file that does not exist elsewhere is reported with the name of its origin, in the text that names it', async () => {
  const text = 'include: none.yml\na: {image: i, script: [x]}\n';
  const { diagnostics, sources } = await checkWithFetched({ ...root, text }, fetchFrom([]));
  const shown = renderDiagnostics(diagnostics, sources, { color: false });
  assert.match(shown, /\[group\/templates@4f2a\] none\.yml/);
  assert.match(shown, /include: none\.yml/);
});

test('files that include each other elsewhere end as a cycle', async () => {
  const fetch = async () => new Map([[fileName({ origin, path: 'loop.yml' }), 'include: root.yml\n']]);
  const { diagnostics } = await checkWithFetched({ ...root, text: 'include: loop.yml\n' }, fetch);
  assert.match(diagnostics.map(({ message }) => message).join('\n'), /files include each other/);
});

test('every file has one name', () => {
  assert.equal(fileName({ origin: null, path: 'ci/a.yml' }), 'ci/a.yml');
  const names = [
    { origin: null, path: '[x] a.yml' },
    { origin: 'x', path: 'a.yml' },
    { origin: 'x] a', path: '.yml' },
    { origin: 'x%5D a', path: '.yml' },
  ].map(fileName);
  assert.equal(new Set(names).size, names.length);
});
