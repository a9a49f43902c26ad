import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, test } from 'node:test';
import { shellQuote } from '../../src/render/shell-quote.ts';
import { runXx, xxCommand } from './spawn-xx.ts';

const directory = mkdtempSync(join(tmpdir(), 'xx-completion-'));
after(() => rmSync(directory, { recursive: true }));
writeFileSync(
  join(directory, '.gitlab-ci.yml'),
  `build:app: {script: [make]}
"it's": {script: [make]}
deploy: {script: [make], rules: [{when: never}]}
unit: {script: [make], parallel: {matrix: [{OS: [linux, mac]}]}}
`,
);
writeFileSync(join(directory, 'broken.yml'), 'build: {script: [}');
writeFileSync(join(directory, 'xx'), `#!/bin/sh\nexec ${xxCommand.map(shellQuote).join(' ')} "$@"\n`);
chmodSync(join(directory, 'xx'), 0o755);

const lines: readonly [string, readonly string[]][] = [
  ['xx che', ['check']],
  ['xx check --fi', ['--file']],
  ['xx graph -o d', ['dot']],
  ['xx graph --output=d', ['dot']],
  ['xx completion ', ['bash', 'zsh', 'fish']],
  ['xx help gr', ['graph']],
  ['xx --color n', ['never']],
  ['xx explain dep', ['deploy']],
  ['xx explain build:', ['app']],
  ["xx explain 'uni", ['unit', 'unit: [linux]', 'unit: [mac]']],
  ['xx explain unit:\\ \\[l', ['\\ \\[linux\\]']],
  ['xx explain it', ["it\\'s"]],
  ['xx dry-run --job dep', ['deploy']],
  ['xx -C . explain dep', ['deploy']],
  ['xx explain -f broken.yml b', []],
  ['xx explain -f missing.yml b', []],
  ['xx nonsense ', []],
];

/** What bash offers behind each line, by the script that `xx completion bash` prints. */
function completeInBash(typed: readonly string[]): string[][] {
  const script = `
source <(xx completion bash)
for line; do
  COMP_LINE=$line COMP_POINT=\${#line} COMP_WORDS=(xx) COMP_CWORD=0
  _xx
  printf '%s\\n' "\${COMPREPLY[@]}" ---
done`;
  const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', script, 'bash', ...typed], {
    cwd: directory,
    env: { PATH: `${directory}${delimiter}${process.env['PATH'] ?? ''}` },
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
  });
  assert.equal(stderr, '');
  return stdout.split('---\n').map((answer) => answer.split('\n').filter((each) => each !== ''));
}

test('bash completes commands, options, values and job names, with quotes and colons in the way', () => {
  const answers = completeInBash(lines.map(([line]) => line));
  assert.deepEqual(
    lines.map(([line], index) => [line, answers[index]]),
    lines,
  );
});

test('zsh and fish hand over words and get them back unquoted', () => {
  for (const shell of ['zsh', 'fish']) {
    const { stdout, status } = runXx(['__complete', shell, 'xx', 'explain', 'unit: '], { cwd: directory });
    assert.equal(stdout, 'unit: [linux]\nunit: [mac]\n');
    assert.equal(status, 0);
  }
});

test('a completion that cannot be answered prints nothing and does not fail', () => {
  for (const args of [[], ['bash'], ['fish', 'xx', 'explain', '-f', 'missing.yml', '']]) {
    const { stdout, stderr, status } = runXx(['__complete', ...args], { cwd: directory });
    assert.equal(stdout.includes('error'), false);
    assert.equal(stderr, '');
    assert.equal(status, 0);
  }
});
