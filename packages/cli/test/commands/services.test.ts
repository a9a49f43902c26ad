import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { runInProcess } from './run-in-process.ts';

const scratch = mkdtempSync(join(tmpdir(), 'xx-refused-'));
after(() => rmSync(scratch, { recursive: true }));

const refusals: readonly (readonly [title: string, args: readonly string[], message: RegExp])[] = [
  ['an address for everybody', ['backend', '--listen', '0.0.0.0:0'], /0\.0\.0\.0 can be reached.*\n.*--insecure/],
  ['the same for a server', ['server', '--listen', '192.0.2.1:80'], /192\.0\.2\.1 can be reached/],
  ['the same in IPv6', ['backend', '--listen', '[::]:0'], /:: can be reached/],
  ['no address', ['server', '--listen', 'here'], /'here' is not an address to listen at/],
  ['a port that is none', ['server', '--listen', '127.0.0.1:99999'], /is not an address to listen at/],
  ['half a certificate', ['backend', '--tls-cert', 'x.pem'], /--tls-cert and --tls-key belong together/],
  [
    'no certificate',
    ['backend', '--tls-cert', 'x.pem', '--tls-key', 'y.pem'],
    /cannot read .*x\.pem: there is no such file/,
  ],
  [
    'a database of another kind',
    ['backend', '--database', 'mysql://x:secret@y'],
    /a database is sqlite:PATH or postgres:/,
  ],
  ['no number of slots', ['server', '--slots', '0'], /'0' is not a number of slots/],
  ['a worker for nobody', ['worker'], /no backend given/],
  ['a worker without a token', ['worker', '--backend', 'http://127.0.0.1:1'], /a worker needs a token/],
  ['a token that is none', ['worker', '--backend', 'http://127.0.0.1:1', '--token', 'a b'], /that is no token/],
  ['a backend that is none', ['worker', '--backend', 'ci'], /'ci' is no address of a backend/],
  ['another action', ['backend', 'tokens'], /xx backend: unknown action 'tokens'/],
  ['a token for nobody', ['backend', 'token', 'create'], /--role is required/],
];

for (const [title, args, message] of refusals) {
  test(`is refused with a sentence, exit code 2: ${title}`, async () => {
    const { exitCode, stderr, stdout } = await runInProcess(args, scratch);
    assert.match(stderr, message);
    assert.deepEqual([exitCode, stdout], [2, '']);
    assert(!stderr.includes('secret') && !stderr.includes('    at '), stderr);
  });
}

test('whoever is refused has left nothing behind', () => {
  assert.deepEqual(readdirSync(scratch), []);
});
