import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findImportProblems } from '../../scripts/imports/find-import-problems.ts';
import { withFiles } from './temporary-root.ts';

const manifests = {
  'packages/common/package.json': '{"name":"@xx-pipeline/common","exports":{".":"./src/index.ts"}}',
  'packages/pipeline-language/package.json':
    '{"name":"@xx-pipeline/pipeline-language","exports":{".":"./src/index.ts"}}',
  'packages/worker/package.json': '{"name":"@xx-pipeline/worker","exports":{"./execution":"./src/execution/index.ts"}}',
  'packages/cli/package.json': '{"name":"@xx-pipeline/cli","exports":{".":"./src/main.ts"}}',
  'packages/common/src/index.ts': 'export const a = 1;',
  'packages/worker/src/execution/index.ts': "export { a } from '@xx-pipeline/common';",
};

const problemsOf = (files: Record<string, string>, knownCycles: readonly string[] = []) =>
  withFiles({ ...manifests, ...files }, (root) =>
    findImportProblems(root, new Set(knownCycles)).map(({ at, message }) => `${at} ${message}`),
  );

test('what the table allows is no problem', async () => {
  const files = {
    'packages/cli/src/main.ts': "import { a } from '@xx-pipeline/worker/execution';\nimport 'node:fs';\na;",
  };
  assert.deepEqual(await problemsOf(files), []);
});

test('names that a file declares itself, and properties, are no globals of Node', async () => {
  const files = {
    'packages/common/src/b.ts': [
      'export const b = (process: { global: string }) => ({ process: process.global, require: 1 });',
      'for (const { Buffer } of [{ Buffer: 1 }]) b({ global: String(Buffer) });',
      "export interface B { process: 'Buffer' }",
      "import { setImmediate as c } from './c.ts';\nc;",
    ].join('\n'),
    'packages/common/src/c.ts': 'const later = 1;\nexport { later as setImmediate };',
  };
  assert.deepEqual(await problemsOf(files), []);
});

const forbidden: readonly { title: string; files: Record<string, string>; says: RegExp }[] = [
  {
    title: 'an import that the table does not have',
    files: { 'packages/common/src/b.ts': "import type { X } from '@xx-pipeline/worker/execution';" },
    says: /^packages\/common\/src\/b\.ts:1 common may not import worker\/execution/,
  },
  {
    title: 'the worker application from a job runner',
    files: {
      'packages/worker/src/app/app.ts': 'export const b = 1;',
      'packages/worker/src/execution/run.ts': "\nexport { b } from '../app/app.ts';",
    },
    says: /run\.ts:2 worker\/execution may not import worker\/app/,
  },
  {
    title: 'a way past the door of a package by its name',
    files: { 'packages/cli/src/b.ts': "import '@xx-pipeline/worker/src/execution/index.ts';" },
    says: /b\.ts:1 @xx-pipeline\/worker\/src\/execution\/index\.ts is not a door/,
  },
  {
    title: 'a way past the door of a package by a path',
    files: { 'packages/cli/src/b.ts': "const b = await import('../../common/src/index.ts');" },
    says: /b\.ts:1 .* reaches into another package/,
  },
  {
    title: 'a built-in module in a package that does no I/O',
    files: { 'packages/pipeline-language/src/b.ts': "import { readFileSync } from 'fs';" },
    says: /b\.ts:1 pipeline-language does no I\/O: it may not import fs/,
  },
  {
    title: 'a global of Node in a package that also runs in browsers',
    files: { 'packages/common/src/b.ts': 'export const b = (text: string) => Buffer.from(text);' },
    says: /b\.ts:1 common also runs in browsers: it may not use the global Buffer of Node/,
  },
  {
    title: 'a global of Node as a type',
    files: { 'packages/common/src/b.ts': 'export type B = Map<string, NodeJS.Timeout>;' },
    says: /b\.ts:1 .* the global NodeJS of Node/,
  },
  {
    title: 'a global of Node behind globalThis',
    files: { 'packages/pipeline-language/src/b.ts': '\nexport const b = globalThis.process;' },
    says: /b\.ts:2 .* the global process of Node/,
  },
  {
    title: 'the Docker client outside of the Docker executor',
    files: {
      'packages/worker/src/execution/docker/DockerClient.ts': 'export const b = 1;',
      'packages/worker/src/execution/JobRunner.ts': "import { b } from './docker/DockerClient.ts';",
    },
    says: /JobRunner\.ts:1 only .*DockerExecutor\.ts and .* may import .*DockerClient\.ts/,
  },
  {
    title: 'two folders that import each other, at the direction with fewer imports',
    files: {
      'packages/common/src/plan/a.ts': "import '../logs/x.ts';\nimport '../logs/deep/y.ts';",
      'packages/common/src/plan/b.ts': 'export const b = 1;',
      'packages/common/src/logs/x.ts': 'export const x = 1;',
      'packages/common/src/logs/deep/y.ts': "\nimport type { B } from '../../plan/b.ts';",
    },
    says: /^packages\/common\/src\/logs\/deep\/y\.ts:2 folder cycle in packages\/common\/src: (plan -> logs -> plan|logs -> plan -> logs)\. Remove this import of packages\/common\/src\/plan\/b\.ts/,
  },
  {
    title: 'a folder that imports a file above it which needs the folder',
    files: {
      'packages/common/src/a.ts': "import './plan/b.ts';\nimport './plan/c.ts';",
      'packages/common/src/plan/b.ts': 'export const b = 1;',
      'packages/common/src/plan/c.ts': 'export const c = 1;',
      'packages/common/src/plan/d.ts': "import '../a.ts';",
    },
    says: /^packages\/common\/src\/plan\/d\.ts:1 folder cycle in packages\/common\/src: .*Remove this import of packages\/common\/src\/a\.ts/,
  },
  {
    title: 'a cycle, of types too',
    files: {
      'packages/common/src/x.ts': "import type { Y } from './y.ts';\nexport type X = Y;",
      'packages/common/src/y.ts': "import type { Z } from './z.ts';\nexport type Y = Z;",
      'packages/common/src/z.ts': "export type Z = import('./x.ts').X;",
    },
    says: /z\.ts:1 import cycle: packages\/common\/src\/x\.ts -> .*y\.ts -> .*z\.ts -> packages\/common\/src\/x\.ts/,
  },
];

for (const { title, files, says } of forbidden) {
  test(`the import check is red on ${title}`, async () => {
    const problems = await problemsOf(files);
    assert.equal(problems.length, 1, problems.join('\n'));
    assert.match(problems[0] ?? '', says);
  });
}

const cycle = {
  'packages/common/src/plan/a.ts': "import '../logs/x.ts';",
  'packages/common/src/plan/b.ts': 'export const b = 1;',
  'packages/common/src/logs/x.ts': 'export const x = 1;',
  'packages/common/src/logs/y.ts': "import '../plan/b.ts';",
};

test('a folder may import a file above it that does not need the folder', async () => {
  const files = {
    'packages/common/src/a.ts': 'export const a = 1;',
    'packages/common/src/b.ts': "import './plan/c.ts';",
    'packages/common/src/plan/c.ts': "import '../a.ts';",
  };
  assert.deepEqual(await problemsOf(files), []);
});

test('a known folder cycle is not a problem, until it is gone', async () => {
  assert.deepEqual(await problemsOf(cycle, ['packages/common/src']), []);
  const problems = await problemsOf({}, ['packages/common/src']);
  assert.match(
    problems.join(),
    /^packages\/common\/src has no import cycle any more: remove it from `knownFolderCycles`/,
  );
});

test('tests may import each other across folders as they like', async () => {
  const files = Object.entries(cycle).map(([path, text]) => [path.replace('/src/', '/test/'), text]);
  assert.deepEqual(await problemsOf(Object.fromEntries(files)), []);
});
