import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import fc from 'fast-check';
import { readScriptText } from '../../src/execution/scripted/read-script-text.ts';
import { MarkBarrier } from '../../src/execution/shell/MarkBarrier.ts';
import { MarkFilter } from '../../src/execution/shell/MarkFilter.ts';
import { quote, scriptText } from '../../src/execution/shell/script-text.ts';

const mark = '\u001emark:';
const marks = new RegExp(`${mark}(\\d+)\n`, 'g');
const installed = [['sh'], ['bash'], ['dash'], ['busybox', 'sh']].filter(
  ([program]) => spawnSync(program as string, ['-c', ':']).error === undefined,
);

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
  /** Indexes of the commands that began, as standard output tells. */
  readonly began: readonly number[];
  /** The same as standard error tells. */
  readonly beganOnErr: readonly number[];
}

/** Runs commands as an executor does, but as a plain process: text on no command line of theirs, input empty. */
function run(shell: readonly string[], commands: readonly string[], variables: Record<string, string> = {}): Ran {
  const list = Object.entries(variables).map(([name, value]) => ({ name, value }));
  const script = scriptText(commands, list, mark);
  assert.ok(script.ok);
  const wrapper = 'text=$(cat); (eval "$text") </dev/null; code=$?; echo "trailer:$code"';
  const [program, ...args] = shell;
  const done = spawnSync(program as string, [...args, '-c', wrapper], { input: script.value.text, encoding: 'utf8' });
  const trailer = /trailer:(\d+)\n$/.exec(done.stdout);
  assert.ok(trailer !== null, `the trailer was skipped: ${done.stdout}${done.stderr}`);
  const out = done.stdout.slice(0, trailer.index);
  return {
    code: Number(trailer[1]),
    out: out.replace(marks, ''),
    err: done.stderr.replace(marks, ''),
    began: [...out.matchAll(marks)].map((match) => Number(match[1])),
    beganOnErr: [...done.stderr.matchAll(marks)].map((match) => Number(match[1])),
  };
}

/** The output of commands run with two pipes, one read long before the other, as a barrier puts it in order. */
async function sections(shell: readonly string[], commands: readonly string[]) {
  const script = scriptText(commands, [], mark);
  assert.ok(script.ok);
  const [program, ...args] = shell;
  const child = spawn(program as string, [...args, '-c', script.value.text], { stdio: ['ignore', 'pipe', 'pipe'] });
  const stdout = text(child.stdout);
  const found: { mark: number; out: string; err: string }[] = [];
  const barrier = new MarkBarrier({
    bytes: (stream, bytes) => {
      const last = found.at(-1) ?? assert.fail('output before the first mark');
      last[stream === 'stdout' ? 'out' : 'err'] += bytes.toString();
    },
    mark: (index) => found.push({ mark: index, out: '', err: '' }),
    end: () => {},
  });
  const output = { stderr: await text(child.stderr), stdout: await stdout };
  for (const stream of ['stderr', 'stdout'] as const) {
    const filter = new MarkFilter([mark], {
      bytes: (bytes) => barrier.bytes(stream, bytes),
      mark: (_, rest) => barrier.mark(stream, Number(rest)),
    });
    filter.push(Buffer.from(output[stream]));
    barrier.end(stream);
  }
  return found;
}

for (const shell of installed) {
  const name = shell.join(' ');

  test(`${name}: commands share one shell, its directory, variables, functions and aliases`, () => {
    const commands = ['cd /', 'X=1', 'f() { echo "in $PWD, X is $X"; }', 'f', 'export Y=2', 'sh -c \'echo "Y is $Y"\''];
    assert.deepEqual(run(shell, commands), {
      code: 0,
      out: 'in /, X is 1\nY is 2\n',
      err: '',
      began: [0, 1, 2, 3, 4, 5],
      beganOnErr: [0, 1, 2, 3, 4, 5],
    });
  });

  test(`${name}: the first failing command ends the script with its code`, () => {
    assert.deepEqual(run(shell, ['echo one', 'exit 3', 'echo three']), {
      code: 3,
      out: 'one\n',
      err: '',
      began: [0, 1],
      beganOnErr: [0, 1],
    });
    assert.deepEqual(run(shell, ['echo one', '(exit 4)', 'echo three']), {
      code: 4,
      out: 'one\n',
      err: '',
      began: [0, 1],
      beganOnErr: [0, 1],
    });
    assert.equal(run(shell, ['false\necho not reached']).out, '');
  });

  test(`${name}: exit 0 ends the script as a success`, () => {
    const ran = run(shell, ['exit 0', 'echo not reached']);
    assert.deepEqual(ran, { code: 0, out: '', err: '', began: [0], beganOnErr: [0] });
  });

  test(`${name}: an && list whose first part fails does not end the script, but is its result at the end`, () => {
    assert.equal(run(shell, ['false && echo no', 'echo yes']).out, 'yes\n');
    assert.equal(run(shell, ['false && echo no']).code, 1);
  });

  test(`${name}: a syntax error or an unclosed quote fails its own command and runs none after it`, () => {
    for (const broken of ['echo "unclosed', "echo 'unclosed", 'if true; then', 'echo )', 'for', '$(']) {
      const ran = run(shell, ['echo before', broken, 'echo "after']);
      assert.deepEqual(ran.began, [0, 1], broken);
      assert.equal(ran.out, 'before\n', broken);
      assert.notEqual(ran.code, 0, broken);
      assert.notEqual(ran.err, '', broken);
    }
  });

  test(`${name}: heredocs, line ends with backslashes and comments stay within their command`, () => {
    const commands = ['cat <<EOF\na $X\nEOF', 'echo one \\', 'echo two # comment', 'cat <<EOF\nopen'];
    const ran = run(shell, commands, { X: 'x' });
    assert.deepEqual(ran.began, [0, 1, 2, 3]);
    assert.equal(ran.out.trimEnd(), 'a x\none\ntwo\nopen');
    assert.equal(ran.code, 0);
  });

  test(`${name}: traps, subshells and background processes do not disturb the end`, () => {
    const ran = run(shell, ['trap "echo trapped" EXIT', '(exit 0)', 'sleep 0 &', 'wait', 'exit 5']);
    assert.equal(ran.code, 5);
    assert.equal(ran.out, 'trapped\n');
  });

  test(`${name}: marks stay out of redirected streams and come although these are redirected`, () => {
    const ran = run(shell, [
      'exec >/dev/null',
      'echo hidden',
      'exec 2>&1',
      'echo hidden >&2',
      'exec <&- >&- 2>&-',
      ':',
    ]);
    assert.deepEqual(ran, { code: 0, out: '', err: '', began: [0, 1, 2, 3, 4, 5], beganOnErr: [0, 1, 2, 3, 4, 5] });
  });

  test(`${name}: a command that takes the copies of the streams gets no marks into its files, nor an error`, () => {
    const directory = mkdtempSync(join(tmpdir(), 'xx-script-'));
    try {
      const file = join(directory, 'file');
      const ran = run(shell, [`exec 7>'${file}'`, 'echo mine >&7', 'exec 8>&-', 'true']);
      assert.deepEqual(ran, { code: 0, out: '', err: '', began: [0], beganOnErr: [0, 1, 2] });
      assert.equal(readFileSync(file, 'utf8'), 'mine\n');
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  test(`${name}: a trace shows the commands and nothing else`, () => {
    const ran = run(shell, ['set -ux', 'echo one', 'false && true', '(set +x; echo two)', 'set +x', 'echo "$-"']);
    // bash shows the depth of evals.
    assert.equal(ran.err.replace(/^\++/gm, '+'), '+ echo one\n+ false\n+ set +x\n+ set +x\n');
    assert.match(ran.out, /^one\ntwo\n[^x]*\n$/);
    assert.deepEqual([ran.code, ran.began, ran.beganOnErr], [0, [0, 1, 2, 3, 4, 5], [0, 1, 2, 3, 4, 5]]);
  });

  test(`${name}: however its streams arrive, each command's output stands behind its own mark`, async () => {
    const commands = Array.from(
      { length: 30 },
      (_, index) => `echo out${index}; echo err${index} >&2; echo out${index}`,
    );
    assert.deepEqual(
      await sections(shell, commands),
      commands.map((_, index) => ({ mark: index, out: `out${index}\n`.repeat(2), err: `err${index}\n` })),
    );
  });

  test(`${name}: any value of a variable arrives as it is`, () => {
    const value = fc
      .string({ unit: 'grapheme', maxLength: 30 })
      .filter((text) => !text.includes('\0') && text.isWellFormed());
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 8 }), (values) => {
        const variables = Object.fromEntries(values.map((text, index) => [`V${index}`, text]));
        const commands = values.map((_, index) => `printf '%s' "$V${index}|"`);
        assert.equal(run(shell, commands, variables).out, values.map((text) => `${text}|`).join(''));
      }),
      { numRuns: 20, examples: [[["it's", 'a\nb\n', '"$(touch x)`', '\\', '-n', "''"]]] },
    );
  });

  test(`${name}: commands that read standard input get none`, () => {
    assert.deepEqual(run(shell, ['cat', 'echo after']).out, 'after\n');
  });
}

test('bash fails a pipeline when any of its parts fails', () => {
  assert.equal(run(['bash'], ['false | true']).code, 1);
});

test('variables that no shell can take are left out and named', () => {
  const variables = [
    { name: 'a-b', value: '1' },
    { name: 'UID', value: '0' },
    { name: 'A', value: '1' },
    { name: 'A', value: '2' },
  ];
  const script = scriptText(['true'], variables, mark);
  assert.ok(script.ok);
  assert.equal(script.value.warnings.length, 2);
  assert.match(script.value.warnings.join(), /"a-b".*UID/);
  assert.deepEqual([...readScriptText(script.value.text).variables], [['A', '2']]);
});

test('a NUL character in a value or a command is refused', () => {
  assert.deepEqual(scriptText([], [{ name: 'A', value: 'a\0b' }], mark), {
    ok: false,
    error: 'variable A holds a NUL character, which no shell can keep',
  });
  assert.equal(scriptText(['true', 'a\0b'], [], mark).ok, false);
});

test('what is written can be read back', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string()),
      fc.dictionary(fc.stringMatching(/^[A-Z_]+$/), fc.string()),
      (commands, variables) => {
        const list = Object.entries(variables).map(([name, value]) => ({ name, value }));
        const script = scriptText(commands, list, mark);
        fc.pre(script.ok && !('UID' in variables) && !('PPID' in variables));
        const read = readScriptText(script.value.text);
        assert.deepEqual(
          read.commands,
          commands.map((command) => command.trim()),
        );
        assert.deepEqual([...read.variables], Object.entries(variables));
      },
    ),
  );
});

test('a quoted text is one word', () => {
  assert.equal(quote("it's"), "'it'\\''s'");
});
