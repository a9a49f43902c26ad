import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { detectStack } from '../../src/commands/detect-stack.ts';
import { starterText } from '../../src/commands/write-starter-file.ts';
import { runInProcess } from './run-in-process.ts';

function emptyDirectory(context: TestContext, prefix = 'xx-init-'): string {
  const directory = mkdtempSync(join(tmpdir(), prefix));
  context.after(() => rmSync(directory, { recursive: true }));
  return directory;
}

const stacks: readonly [string, Readonly<Record<string, string>>, RegExp][] = [
  ['nothing known', {}, /image: busybox:latest/],
  [
    'a Node project',
    { 'package.json': '{"scripts":{"test":"x","build":"y"}}', 'package-lock.json': '{}' },
    /npm ci\n {6}- npm run test/,
  ],
  ['a Node project with pnpm', { 'package.json': '{"scripts":{"lint":"x"}}', 'pnpm-lock.yaml': '' }, /pnpm run lint/],
  ['a package.json that is no JSON', { 'package.json': '{' }, /npm install/],
  ['a Python project', { 'requirements.txt': '' }, /python -m pytest/],
  ['a Go project', { 'go.mod': '' }, /go test/],
  ['a Rust project', { 'Cargo.toml': '' }, /cargo test/],
];

for (const [what, files, expected] of stacks) {
  test(`the starter file for ${what} passes check without a warning`, async (context) => {
    const directory = emptyDirectory(context);
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(join(directory, name), text);
    }
    assert.equal((await runInProcess(['init'], directory)).exitCode, 0);
    assert.match(readFileSync(join(directory, '.xx-pipeline.yml'), 'utf8'), expected);
    const { stdout, exitCode } = await runInProcess(['check'], directory);
    assert.match(stdout, /^ok: \d jobs? in \d stages?\n$/);
    assert.equal(exitCode, 0);
  });
}

test('a directory name that means something in YAML does no harm', async (context) => {
  const directory = emptyDirectory(context, 'no: [x] # $A "q" ');
  await runInProcess(['init'], directory);
  const { stdout } = await runInProcess(['check'], directory);
  assert.match(stdout, /^ok: /);
});

test('init refuses to overwrite or to hide a pipeline file unless forced', async (context) => {
  const directory = emptyDirectory(context);
  writeFileSync(join(directory, '.gitlab-ci.yml'), 'mine');
  const hidden = await runInProcess(['init'], directory);
  assert.equal(hidden.exitCode, 2);
  assert.match(hidden.stderr, /already a \.gitlab-ci\.yml/);
  writeFileSync(join(directory, '.xx-pipeline.yml'), 'mine');
  assert.equal((await runInProcess(['init'], directory)).exitCode, 2);
  assert.equal(readFileSync(join(directory, '.xx-pipeline.yml'), 'utf8'), 'mine');
  assert.equal((await runInProcess(['init', '--force'], directory)).exitCode, 0);
  assert.equal((await runInProcess(['check'], directory)).exitCode, 0);
});

test('the schema that xx schema prints accepts every starter file and refuses an unknown keyword', async (context) => {
  const directory = emptyDirectory(context);
  const { stdout } = await runInProcess(['schema'], directory);
  const validate = new Ajv({ strict: false }).compile(JSON.parse(stdout) as object);
  for (const [, files] of stacks) {
    const stack = detectStack({ has: (name) => name in files, read: (name) => files[name] ?? '' });
    assert.equal(validate(parse(starterText('project', stack))), true, JSON.stringify(validate.errors));
  }
  assert.equal(validate({ job: { script: ['make'], scrpt: 1 } }), false);
});
