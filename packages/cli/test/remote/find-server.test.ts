import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { findServer } from '../../src/remote/find-server.ts';

async function withHome(work: (home: string) => Promise<void> | void): Promise<void> {
  const home = await mkdtemp(join(tmpdir(), 'xx-home-'));
  try {
    await work(home);
  } finally {
    await rm(home, { recursive: true });
  }
}

const input = (options: Readonly<Record<string, string>> = {}) => ({ arguments: [], options });
const record = JSON.stringify({ url: 'http://127.0.0.1:8642', token: 'xxp_of-the-file' });

test('the server is that of --server, else of XX_SERVER, else the one that runs here', async () => {
  await withHome(async (home) => {
    await writeFile(join(home, 'server.json'), record);
    const io = (env: Readonly<Record<string, string>>) => ({ cwd: home, env: { XX_HOME: home, ...env } });
    assert.deepEqual(findServer(input(), io({})), { url: 'http://127.0.0.1:8642', token: 'xxp_of-the-file' });
    assert.equal(findServer(input(), io({ XX_SERVER: 'https://ci.example.org/xx/' })).url, 'https://ci.example.org/xx');
    assert.equal(
      findServer(input({ server: 'http://other:1' }), io({ XX_SERVER: 'https://ci.example.org' })).url,
      'http://other:1',
    );
  });
});

test('the token of the server that runs here is told to no other server', async () => {
  await withHome(async (home) => {
    await writeFile(join(home, 'server.json'), record);
    const io = { cwd: home, env: { XX_HOME: home } };
    assert.equal(findServer(input({ server: 'http://127.0.0.1:8643' }), io).token, null);
    assert.equal(findServer(input({ server: 'http://127.0.0.1:8642/' }), io).token, 'xxp_of-the-file');
  });
});

test('a token file is stronger than XX_TOKEN, and that than the record', async () => {
  await withHome(async (home) => {
    await writeFile(join(home, 'server.json'), record);
    await writeFile(join(home, 'mine'), 'xxp_mine\n');
    const io = { cwd: home, env: { XX_HOME: home, XX_TOKEN: 'xxp_env' } };
    assert.equal(findServer(input(), io).token, 'xxp_env');
    assert.equal(findServer(input({ tokenFile: 'mine' }), io).token, 'xxp_mine');
  });
});

for (const [what, address, message] of [
  ['no address', 'ci.example.org', /not a server address/],
  ['another protocol', 'ftp://ci.example.org', /not a server address/],
  ['a password', 'https://me:secret@ci.example.org', /must not have a user or password/],
] as const) {
  test(`an address with ${what} is refused without being repeated in full`, () => {
    const find = () => findServer(input({ server: address }), { cwd: '/', env: { XX_HOME: '/nowhere' } });
    assert.throws(find, (error: Error) => message.test(error.message) && !error.message.includes('secret'));
  });
}

test('what is no token is refused without being shown', async () => {
  await withHome(async (home) => {
    await writeFile(join(home, 'token'), 'two words\nand a line');
    const find = () => findServer(input({ tokenFile: 'token', server: 'http://a:1' }), { cwd: home, env: {} });
    assert.throws(find, (error: Error) => /is not a token/.test(error.message) && !error.message.includes('two words'));
    const missing = () => findServer(input({ tokenFile: 'none', server: 'http://a:1' }), { cwd: home, env: {} });
    assert.throws(missing, /cannot read the token file none: no such file/);
  });
});
