import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { bootstrapCommand, frameScript, helloMark } from '../../src/execution/shell/bootstrap.ts';

/** Gives scripts to the outer shell as this machine's `sh` runs it; the host's part played by hand. */
async function runScripts(scripts: readonly string[], path = process.env['PATH'], leftover = '') {
  const [, ...args] = bootstrapCommand;
  const child = spawn('/bin/sh', args, { env: { PATH: path } });
  const streams = { out: '', err: '' };
  child.stdout.on('data', (bytes: Buffer) => (streams.out += bytes.toString()));
  child.stderr.on('data', (bytes: Buffer) => (streams.err += bytes.toString()));
  child.stdin.write(leftover);
  for (const [index, script] of scripts.entries()) {
    child.stdin.write(frameScript(script, `\u001etoken${index}`, 'the-end'));
    while (!streams.out.includes(`token${index} `)) await once(child.stdout, 'data');
  }
  child.stdin.end();
  await once(child, 'close');
  // Tokens are shown without the separator in front, and without what the machine's other processes make of the trailer.
  const shown = (text: string) => text.replaceAll('\u001etoken', 'token').replaceAll(/(token\d \d+) alone/g, '$1');
  streams.out = shown(streams.out);
  streams.err = shown(streams.err);
  return { ...streams, code: child.exitCode, pid: child.pid };
}

test('the outer shell says hello, runs scripts one after the other and ends with its input', async () => {
  const { out, err, code, pid } = await runScripts(['echo one; echo two >&2; exit 4', 'cat; echo "$#"; printf x']);
  assert.equal(out, `${helloMark} ${pid}\none\ntoken0 4\n0\nxtoken1 0\n`);
  assert.equal(err, 'two\ntoken0 4\ntoken1 0\n');
  assert.equal(code, 0);
});

test('a script longer than an argument may be, with quotes and line ends of all kinds, arrives as it is', async () => {
  const long = `: '${'0123456789 "$x" \\\n'.repeat(20_000)}'\nprintf '%s|' 'a\\nb' "é" '  '`;
  const { out } = await runScripts([long]);
  assert.match(out, /\na\\nb\|é\| {2}\|token0 0\n$/);
});

test('without `head` the shell reads the text by itself', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'xx-path-'));
  try {
    await symlink('/bin/sh', join(directory, 'sh'));
    const script = "printf '%s\\n' 'a\\tb'   \\\n  'second'\nexit 5";
    const { out } = await runScripts([script, 'echo again'], directory);
    assert.match(out, /a\\tb\nsecond\ntoken0 5\nagain\ntoken1 0\n$/);
  } finally {
    await rm(directory, { recursive: true });
  }
});

test('a script knows no token', async () => {
  const { out } = await runScripts([
    'set; env; tr "\\0" "\\n" < /proc/$PPID/cmdline; tr "\\0" "\\n" < /proc/$PPID/environ',
  ]);
  assert.equal(out.split('token0').length, 2);
});

test('a script that cannot be parsed fails and the next one runs', async () => {
  const { out } = await runScripts(['if then', 'echo fine']);
  assert.match(out, /token0 [1-9]\d*\nfine\ntoken1 0\n$/);
});

test('what a killed shell has left of its text is passed over', async () => {
  const { out } = await runScripts(['echo one'], undefined, "#!/bin/sh\n\necho 'left over' \\\n$(exit)\n#the-end\n");
  assert.match(out, /^\S+ \d+\none\ntoken0 0\n$/);
});
