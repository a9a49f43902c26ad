import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parseArguments } from '../../src/program/parse-arguments.ts';
import { commandLoaders, loadAllCommands } from '../../src/program/registry.ts';
import { splitTypedLine } from '../../src/program/shell-words.ts';
import { version } from '../../src/version.ts';
import { runXx, startXx, xxCommand } from './spawn-xx.ts';

const directory = mkdtempSync(join(tmpdir(), 'xx-program-'));
after(() => rmSync(directory, { recursive: true }));
mkdirSync(join(directory, 'empty'));
writeFileSync(join(directory, '.gitlab-ci.yml'), 'build:\n  script: [make]\n');
mkdirSync(join(directory, 'folder.yml'));
const here = { cwd: directory };

test('the version is the one of the package', () => {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  assert.equal(version, manifest.version);
  for (const flag of ['--version', '-V']) {
    assert.deepEqual(runXx([flag], here), { status: 0, signal: null, stdout: `xx ${version}\n`, stderr: '' });
  }
});

const mistakes: readonly [string, readonly string[], RegExp][] = [
  ['an unknown command', ['chek'], /^error: unknown command 'chek'\n {2}help: did you mean xx check\?\n$/],
  ['a name that every object has', ['constructor'], /^error: unknown command 'constructor'/],
  ['an unknown option', ['check', '--fiel', 'x'], /^error: unknown option '--fiel'\n {2}help: did you mean --file\?/],
  ['an unknown option without command', ['--fast'], /^error: unknown option '--fast'/],
  ['an option without its value', ['check', '-f'], /^error: -f needs a value/],
  ['a value for a switch', ['init', '--force=yes'], /^error: --force takes no value/],
  [
    'a value that is no choice',
    ['graph', '-o', 'dott'],
    /^error: 'dott' is not a value for -o\n {2}help: did you mean dot\?/,
  ],
  ['a colour mode that is none', ['check', '--color', 'blue'], /^error: 'blue' is not a value for --color/],
  ['a missing argument', ['explain'], /^error: <job> is missing/],
  ['an argument too many', ['check', 'more'], /^error: unexpected argument 'more'/],
  [
    'a directory that does not exist',
    ['-C', '/does/not/exist', 'check'],
    /^error: there is no directory \/does\/not\/exist/,
  ],
  ['a file that does not exist', ['check', '-f', 'nothing.yml'], /^error: .*nothing\.yml/],
  ['a directory in place of a file', ['check', '-f', 'folder.yml'], /^error: .*folder\.yml/],
  ['a variable without value', ['check', '--var', 'X'], /^error: --var X is not a variable/],
  ['no pipeline file', ['-C', 'empty', 'check'], /^error: no pipeline file in .*empty\n {2}help: .*xx init/],
  [
    'a job that does not exist',
    ['explain', 'biuld'],
    /^error: there is no job 'biuld'\n {2}help: did you mean build\?/,
  ],
  ['an unknown shell', ['completion', 'tcsh'], /^error: no completion for 'tcsh'/],
  ['help for nothing', ['help', 'chek'], /^error: unknown command 'chek'/],
];

for (const [what, args, expected] of mistakes) {
  test(`${what} gives one message, exit code 2 and nothing on standard output`, () => {
    const { status, stdout, stderr } = runXx(args, here);
    assert.match(stderr, expected);
    assert.doesNotMatch(stderr, /\n {4}at /);
    assert.equal(stdout, '');
    assert.equal(status, 2);
  });
}

test('without a command the help goes to standard error, because nothing was asked for', () => {
  const { status, stdout, stderr } = runXx([], here);
  assert.equal(status, 2);
  assert.equal(stdout, '');
  assert.match(stderr, /Commands/);
});

test('help lists every command and names the exit codes', () => {
  for (const args of [['--help'], ['help'], ['-h']]) {
    const { status, stdout } = runXx(args, here);
    assert.equal(status, 0);
    for (const name of Object.keys(commandLoaders)) {
      assert.match(stdout, new RegExp(`^ {2}${name} `, 'm'));
    }
    assert.match(stdout, /130 {2}interrupted/);
  }
});

test('xx help COMMAND and xx COMMAND --help say the same, even when the rest of the line is wrong', () => {
  const { stdout } = runXx(['help', 'explain'], here);
  assert.match(stdout, /Usage\n {2}xx explain <job> \[options\]/);
  assert.equal(runXx(['explain', '--help'], here).stdout, stdout);
  assert.equal(runXx(['explain', '--bogus', '-h'], here).stdout, stdout);
});

test('every command has at least two examples that its own parser accepts', async () => {
  for (const command of await loadAllCommands()) {
    assert.ok(command.examples.length >= 2, command.name);
    const words = command.examples
      .flatMap(({ command: line }) => line.split(/ && | \| /))
      .map((line) => splitTypedLine(`${line.replace(/^sudo /, '')} `).words);
    const own = words.filter(([program, name]) => program === 'xx' && name === command.name);
    assert.ok(own.length >= 2, command.name);
    for (const [, ...args] of own) {
      const redirected = args.findIndex((word) => word === '>' || word === '<');
      assert.equal(parseArguments(command, redirected === -1 ? args : args.slice(0, redirected)).kind, 'run');
    }
  }
});

test('--color is stronger than NO_COLOR, which is stronger than FORCE_COLOR', () => {
  const colored = (args: readonly string[], env: Record<string, string>): boolean =>
    runXx(['check', ...args], { ...here, env }).stdout.includes('\x1b[');
  assert.equal(colored([], {}), false);
  assert.equal(colored([], { FORCE_COLOR: '1' }), true);
  assert.equal(colored([], { FORCE_COLOR: '1', NO_COLOR: '1' }), false);
  assert.equal(colored(['--color', 'always'], { NO_COLOR: '1' }), true);
  assert.equal(colored(['--color=never'], { FORCE_COLOR: '1' }), false);
});

test('-f - reads the pipeline from standard input', () => {
  const { status, stdout } = runXx(['check', '-f', '-', '-o', 'json'], {
    cwd: join(directory, 'empty'),
    input: 'a:\n  script: [b]\n',
  });
  assert.equal(status, 0);
  assert.deepEqual((JSON.parse(stdout) as { jobs: unknown }).jobs, [{ name: 'a', stage: 'test' }]);
});

test('a closed pipe ends the output quietly', async () => {
  const big = join(directory, 'big.yml');
  writeFileSync(big, Array.from({ length: 2000 }, (_, index) => `job-${index}:\n  script: [echo]\n`).join(''));
  const child = startXx(['dry-run', '-f', big, '-o', 'json'], here);
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdout.destroy();
  const [code] = await once(child, 'close');
  assert.equal(stderr, '');
  assert.equal(code, 0);
});

test('a full disk behind standard output is said in a sentence', () => {
  const [node, main] = xxCommand;
  const full = openSync('/dev/full', 'w');
  const { status, stderr } = spawnSync(node, [main, 'dry-run', '-o', 'json'], {
    cwd: directory,
    env: { PATH: process.env['PATH'] ?? '' },
    stdio: ['ignore', full, 'pipe'],
    encoding: 'utf8',
  });
  assert.equal(stderr, 'error: cannot write to standard output: the disk is full\n');
  assert.equal(status, 3);
});

test('Ctrl-C ends a command that waits for standard input', async () => {
  const child = startXx(['check', '-f', '-'], here);
  child.stderr.resume();
  // Half a file: it is read when the process waits for the rest.
  await new Promise((resolve) => child.stdin.write('a:\n', resolve));
  child.kill('SIGINT');
  const [code, signal] = await once(child, 'close');
  assert.ok(signal === 'SIGINT' || code === 130);
});
