import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';
import { checkPipeline } from '@xx-pipeline/pipeline-language';
import { parse } from 'yaml';

const root = join(import.meta.dirname, '../..');
const pages = [
  ...['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'test/scenarios/README.md'],
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md'))
    .map((path) => join('docs', path)),
].map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));

test('every link in the documentation leads to a file', () => {
  const broken = pages.flatMap(({ path, text }) =>
    [...text.replaceAll(/```[\s\S]*?```/g, '').matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, target = '']) => target.replace(/#.*/, ''))
      .filter((target) => target !== '' && !/^[a-z]+:/.test(target))
      .filter((target) => !existsSync(join(root, dirname(path), target)))
      .map((target) => `${path}: ${target}`),
  );
  assert.deepEqual(broken, []);
});

test('every whole pipeline in the documentation passes the check', () => {
  let count = 0;
  // The pages of diagnostics show what is wrong; their examples have a test of their own.
  for (const { path, text } of pages.filter((page) => !page.path.startsWith('docs/diagnostics/'))) {
    for (const [, block = ''] of text.matchAll(/^```ya?ml\n([\s\S]*?)^```/gm)) {
      if (!isWholePipeline(block)) continue;
      count++;
      const { diagnostics } = checkPipeline({
        file: path,
        text: block,
        files: { read: () => null, list: () => [] },
        context: { predefined: {}, pipelineVariables: {}, changedFiles: null },
      });
      assert.deepEqual(
        diagnostics.filter(({ severity }) => severity === 'error').map(({ message }) => `${path}: ${message}`),
        [],
        block,
      );
    }
  }
  assert.ok(count > 0, 'no example found');
});

/** A part of a file stands indented or without a job; a whole one has a job with a script. */
function isWholePipeline(block: string): boolean {
  const document = parse(block, { logLevel: 'silent', strict: false, merge: true }) as Record<string, unknown> | null;
  if (document === null || typeof document !== 'object') return false;
  return (
    'jobs' in document ||
    Object.values(document).some((job) => typeof job === 'object' && job !== null && 'script' in job)
  );
}

test('every npm script that the documentation names exists', () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  for (const { path, text } of pages) {
    for (const [, name = ''] of text.matchAll(/`npm run ([a-z]+)/g))
      assert.ok(name in scripts, `${path}: npm run ${name}`);
  }
});

test('every command of the command line is on its page', () => {
  const commands = readdirSync(join(root, 'packages/cli/src/commands'))
    .map((file) => readFileSync(join(root, 'packages/cli/src/commands', file), 'utf8'))
    .flatMap((text) => [...text.matchAll(/: Command = \{\n {2}name: '([a-z-]+)'/g)].map(([, name = '']) => name));
  assert.ok(commands.length > 5);
  const page = readFileSync(join(root, 'docs/cli.md'), 'utf8');
  assert.deepEqual(
    commands.filter((name) => !page.includes(`xx ${name}`)),
    [],
    relative(root, join(root, 'docs/cli.md')),
  );
});
