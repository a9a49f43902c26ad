import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  type AddressSurroundings,
  findEngineAddress,
  parseEngineAddress,
  showEngineAddress,
} from '../../src/execution/docker/engine-address.ts';
import { explainPullFailure } from '../../src/execution/docker/explain-pull-failure.ts';
import { parseImageReference } from '../../src/execution/docker/image-reference.ts';
import { registryAuth } from '../../src/execution/docker/registry-auth.ts';
import { makeOwnerId, ownerState } from '../../src/process/index.ts';

const nowhere: AddressSurroundings = { env: {}, home: '/home/me', uid: 1000, exists: () => false, read: () => null };

test('the engine is where DOCKER_HOST says, else the context, else the first socket that is there', () => {
  const find = (changes: Partial<AddressSurroundings>) =>
    showEngineAddress(findEngineAddress({ ...nowhere, ...changes }));
  assert.equal(find({}), 'unix:///var/run/docker.sock');
  assert.equal(find({ env: { DOCKER_HOST: 'tcp://engine:1234' } }), 'tcp://engine:1234');
  assert.equal(find({ exists: (path) => path === '/run/user/1000/docker.sock' }), 'unix:///run/user/1000/docker.sock');
  assert.equal(
    find({ env: { XDG_RUNTIME_DIR: '/r' }, exists: (path) => path === '/r/podman/podman.sock' }),
    'unix:///r/podman/podman.sock',
  );
  const read = (path: string) =>
    path.endsWith('config.json') ? '{"currentContext":"far"}' : '{"Endpoints":{"docker":{"Host":"ssh://me@far"}}}';
  assert.equal(find({ read }), 'ssh://me@far');
});

test('an address that cannot be read is an error with help', () => {
  assert.throws(() => parseEngineAddress('ftp://x', nowhere), /cannot read the Docker engine's address "ftp:\/\/x"/);
});

test('TLS files are where the docker command keeps them', () => {
  const env = { DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: '/certs' };
  const address = parseEngineAddress('tcp://engine', { env, home: '/home/me' });
  assert.deepEqual(address, {
    kind: 'tcp',
    host: 'engine',
    port: 2376,
    tls: { ca: '/certs/ca.pem', cert: '/certs/cert.pem', key: '/certs/key.pem', verify: true },
  });
});

test('image names are taken apart as the engine does', () => {
  const parts = (image: string) => Object.values(parseImageReference(image)).join(' ');
  assert.equal(parts('busybox'), 'docker.io busybox latest');
  assert.equal(parts('node:22'), 'docker.io node 22');
  assert.equal(parts('team/app'), 'docker.io team/app latest');
  assert.equal(parts('localhost:5000/app'), 'localhost:5000 localhost:5000/app latest');
  assert.equal(parts('ghcr.io/a/b:1@sha256:ab'), 'ghcr.io ghcr.io/a/b sha256:ab');
});

test('credentials are those that docker login has kept', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'xx-auth-'));
  try {
    const auth = Buffer.from('me:pass:word').toString('base64');
    await writeFile(join(directory, 'config.json'), JSON.stringify({ auths: { 'ghcr.io': { auth } } }));
    const header = await registryAuth('ghcr.io', directory);
    assert.deepEqual(JSON.parse(Buffer.from(header ?? '', 'base64url').toString()), {
      username: 'me',
      password: 'pass:word',
      serveraddress: 'ghcr.io',
    });
    assert.equal(await registryAuth('docker.io', directory), null);
    assert.equal(await registryAuth('ghcr.io', join(directory, 'none')), null);
  } finally {
    await rm(directory, { recursive: true });
  }
});

test('a failed pull says what to do about it', () => {
  const help = (reason: string, present: string[] = []) => explainPullFailure('app:1', new Error(reason), present).help;
  assert.match(help('dial tcp: lookup registry: no such host') ?? '', /registry cannot be reached/);
  assert.match(help('toomanyrequests: slow down') ?? '', /limits pulls/);
  assert.match(help('pull access denied for app') ?? '', /docker login/);
  assert.match(help('manifest for app:1 not found', ['apps:2', 'other:1']) ?? '', /similar name: apps:2$/);
});

test('an owner is alive, dead or not ours to judge', () => {
  const own = makeOwnerId();
  const [host, boot, pid] = own.split(':');
  assert.equal(ownerState(own), 'alive');
  assert.equal(ownerState(`${host}:${boot}:${pid}:1`), 'dead');
  assert.equal(ownerState(`${host}:another:${pid}:1`), 'dead');
  assert.equal(ownerState(`elsewhere:${boot}:${pid}:1`), 'unknown');
  assert.equal(ownerState('anything'), 'unknown');
});
